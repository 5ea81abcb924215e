using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_trace_printk and bpf_trace_vprintk, as kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfHelpers]
public static class TraceHelpers
{
    public static readonly HelperProto TracePrintk = new(BpfFuncId.TracePrintk, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
    };

    public static readonly HelperProto TraceVprintk = new(BpfFuncId.TraceVprintk, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg4 = ArgType.ConstSizeOrZero,
    };
}
