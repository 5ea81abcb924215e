using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Bounds and bytes of an XDP frame, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class XdpHelpers
{
    public static readonly HelperProto XdpAdjustHead = new(BpfFuncId.XdpAdjustHead, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto XdpAdjustTail = new(BpfFuncId.XdpAdjustTail, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto XdpAdjustMeta = new(BpfFuncId.XdpAdjustMeta, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto XdpGetBuffLen = new(BpfFuncId.XdpGetBuffLen, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto XdpLoadBytes = new(BpfFuncId.XdpLoadBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto XdpStoreBytes = new(BpfFuncId.XdpStoreBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
    };
}
