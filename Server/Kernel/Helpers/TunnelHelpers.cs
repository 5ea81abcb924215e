using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Tunnel metadata of a packet buffer: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class TunnelHelpers
{
    public static readonly HelperProto SkbGetTunnelKey = new(BpfFuncId.SkbGetTunnelKey, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SkbSetTunnelKey = new(BpfFuncId.SkbSetTunnelKey, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SkbGetTunnelOpt = new(BpfFuncId.SkbGetTunnelOpt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto SkbSetTunnelOpt = new(BpfFuncId.SkbSetTunnelOpt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
    };
}
