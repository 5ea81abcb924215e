using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_loop: calls back with 0, 1, 2 ... until the callback returns other than 0, as kernel/bpf/bpf_iter.c, 6.18.</summary>
[BpfHelpers]
public static class LoopHelper
{
    /// <summary>Most calls one bpf_loop makes (BPF_MAX_LOOPS).</summary>
    public const uint MaxLoops = 8 << 20;

    public static readonly HelperProto Loop = new(BpfFuncId.Loop, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.PtrToFunc,
        Arg3 = ArgType.PtrToStack | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    /// <summary>Returns how many calls were made, EINVAL for flags, E2BIG above <see cref="MaxLoops"/>. A run that is cut off stops early.</summary>
    public static ulong LoopCall(RunContext run, ulong count, ulong callback, ulong context, ulong flags, ulong r5)
    {
        if (flags != 0)
            return unchecked((ulong)-Errno.EINVAL);
        // The kernel's parameter is a u32.
        uint calls = (uint)count;
        if (calls > MaxLoops)
            return unchecked((ulong)-Errno.E2BIG);
        for (uint i = 0; i < calls; i++)
        {
            if (!run.CheckBudget())
                return i;
            if (run.Invoke(callback, i, context, 0, 0, 0) != 0)
                return i + 1;
        }

        return calls;
    }
}
