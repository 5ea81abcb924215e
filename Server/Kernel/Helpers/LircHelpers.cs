using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Infrared receivers: prototypes of drivers/media/rc/bpf-lirc.c, 6.18.</summary>
[BpfHelpers]
public static class LircHelpers
{
    public static readonly HelperProto RcRepeat = new(BpfFuncId.RcRepeat, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto RcKeydown = new(BpfFuncId.RcKeydown, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto RcPointerRel = new(BpfFuncId.RcPointerRel, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };
}
