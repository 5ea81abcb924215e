using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_tail_call, as bpf_tail_call_proto in kernel/bpf/core.c, 6.18. The engines do it themselves (<see cref="TailCall"/>): it may never come back.</summary>
[BpfHelpers]
public static class TailCallHelper
{
    public static readonly HelperProto TailCall = new(BpfFuncId.TailCall, RetType.Void)
    {
        // The program that follows may change the packet.
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
    };

    /// <summary>Marks the helper as one that works.</summary>
    public static ulong TailCallCall(RunContext run, ulong context, ulong map, ulong index, ulong r4, ulong r5) =>
        throw new InvalidOperationException("A tail call is no call of a helper's body.");
}
