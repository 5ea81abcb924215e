using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Checksums of packet buffers, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class ChecksumHelpers
{
    public static readonly HelperProto L3CsumReplace = new(BpfFuncId.L3CsumReplace, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto L4CsumReplace = new(BpfFuncId.L4CsumReplace, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto CsumDiff = new(BpfFuncId.CsumDiff, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg4 = ArgType.ConstSizeOrZero,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto CsumUpdate = new(BpfFuncId.CsumUpdate, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto CsumLevel = new(BpfFuncId.CsumLevel, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };
}
