using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_for_each_map_elem: calls back for each element until the callback returns other than 0, as kernel/bpf/bpf_iter.c.</summary>
[BpfHelpers]
public static class ForEachMapElemHelper
{
    public static readonly HelperProto ForEachMapElem = new(BpfFuncId.ForEachMapElem, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToFunc,
        Arg3 = ArgType.PtrToStack | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    /// <summary>Returns how many elements were visited, EINVAL for flags. A run that is cut off stops early.</summary>
    public static ulong ForEachMapElemCall(RunContext run, ulong map, ulong callback, ulong context, ulong flags, ulong r5)
    {
        if (flags != 0 || run.Maps.Find(map) is not { } found)
            return MapElementHelpers.Error(-Errno.EINVAL);
        ulong visited = 0;
        var position = default(MapCursor);
        ulong scratch = run.Scratch;
        while (run.CheckBudget() && found.NextElement(ref position, run.Cpu, scratch, out ulong key, out ulong value))
        {
            visited++;
            if (run.Invoke(callback, map, key, value, context, 0) != 0)
                break;
        }

        return visited;
    }
}
