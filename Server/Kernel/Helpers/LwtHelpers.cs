using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Lightweight tunnels: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class LwtHelpers
{
    public static readonly HelperProto LwtPushEncap = new(BpfFuncId.LwtPushEncap, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto LwtSeg6StoreBytes = new(BpfFuncId.LwtSeg6StoreBytes, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto LwtSeg6AdjustSrh = new(BpfFuncId.LwtSeg6AdjustSrh, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto LwtSeg6Action = new(BpfFuncId.LwtSeg6Action, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
    };
}
