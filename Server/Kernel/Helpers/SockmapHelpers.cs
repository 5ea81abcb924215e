using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Socket maps: prototypes of net/core/sock_map.c, 6.18.</summary>
[BpfHelpers]
public static class SockmapHelpers
{
    public static readonly HelperProto SkRedirectMap = new(BpfFuncId.SkRedirectMap, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SkRedirectHash = new(BpfFuncId.SkRedirectHash, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.PtrToMapKey,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SockMapUpdate = new(BpfFuncId.SockMapUpdate, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.PtrToMapKey,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SockHashUpdate = new(BpfFuncId.SockHashUpdate, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.PtrToMapKey,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto MsgRedirectMap = new(BpfFuncId.MsgRedirectMap, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto MsgRedirectHash = new(BpfFuncId.MsgRedirectHash, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.PtrToMapKey,
        Arg4 = ArgType.Anything,
    };
}
