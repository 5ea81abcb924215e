using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Bytes of a packet buffer, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SkbBytesHelpers
{
    public static readonly HelperProto SkbLoadBytes = new(BpfFuncId.SkbLoadBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto SkbLoadBytesRelative = new(BpfFuncId.SkbLoadBytesRelative, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkbStoreBytes = new(BpfFuncId.SkbStoreBytes, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkbPullData = new(BpfFuncId.SkbPullData, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };
}
