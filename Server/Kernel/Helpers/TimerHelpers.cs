using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Timers in map values: prototypes of kernel/bpf/helpers.c, 6.18.</summary>
[BpfHelpers]
public static class TimerHelpers
{
    public static readonly HelperProto TimerInit = new(BpfFuncId.TimerInit, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToTimer,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto TimerSetCallback = new(BpfFuncId.TimerSetCallback, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToTimer,
        Arg2 = ArgType.PtrToFunc,
    };

    public static readonly HelperProto TimerStart = new(BpfFuncId.TimerStart, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToTimer,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto TimerCancel = new(BpfFuncId.TimerCancel, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToTimer,
    };
}
