using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Where a packet goes, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class RedirectHelpers
{
    public static readonly HelperProto Redirect = new(BpfFuncId.Redirect, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto RedirectMap = new(BpfFuncId.RedirectMap, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto CloneRedirect = new(BpfFuncId.CloneRedirect, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto RedirectNeigh = new(BpfFuncId.RedirectNeigh, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto RedirectPeer = new(BpfFuncId.RedirectPeer, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.Anything,
    };
}
