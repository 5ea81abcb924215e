using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_map_push_elem, pop and peek of queues, stacks and (push, peek) bloom filters, as kernel/bpf/helpers.c.</summary>
[BpfHelpers]
public static class MapQueueHelpers
{
    public static readonly HelperProto MapPushElem = new(BpfFuncId.MapPushElem, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapValue,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto MapPopElem = new(BpfFuncId.MapPopElem, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapValue | ArgType.Uninit | ArgType.Write,
    };

    public static readonly HelperProto MapPeekElem = new(BpfFuncId.MapPeekElem, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapValue | ArgType.Uninit | ArgType.Write,
    };

    public static ulong MapPushElemCall(RunContext run, ulong map, ulong value, ulong flags, ulong r4, ulong r5) =>
        MapElementHelpers.Error(run.Maps.Find(map)?.Push(value, flags) ?? -Errno.EINVAL);

    public static ulong MapPopElemCall(RunContext run, ulong map, ulong value, ulong r3, ulong r4, ulong r5) =>
        MapElementHelpers.Error(run.Maps.Find(map)?.Pop(value) ?? -Errno.EINVAL);

    public static ulong MapPeekElemCall(RunContext run, ulong map, ulong value, ulong r3, ulong r4, ulong r5) =>
        MapElementHelpers.Error(run.Maps.Find(map)?.Peek(value) ?? -Errno.EINVAL);
}
