using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Fields beside the bytes of a packet buffer, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SkbMetaHelpers
{
    public static readonly HelperProto GetHashRecalc = new(BpfFuncId.GetHashRecalc, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SetHash = new(BpfFuncId.SetHash, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto SetHashInvalid = new(BpfFuncId.SetHashInvalid, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto GetRouteRealm = new(BpfFuncId.GetRouteRealm, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SkbSetTstamp = new(BpfFuncId.SkbSetTstamp, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkbEcnSetCe = new(BpfFuncId.SkbEcnSetCe, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SkbGetXfrmState = new(BpfFuncId.SkbGetXfrmState, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
        Arg5 = ArgType.Anything,
    };
}
