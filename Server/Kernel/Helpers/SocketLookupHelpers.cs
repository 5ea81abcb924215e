using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Sockets found and given back: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SocketLookupHelpers
{
    public static readonly HelperProto SkLookupTcp = new(BpfFuncId.SkLookupTcp, RetType.PtrToSocket | RetType.MaybeNull)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkLookupUdp = new(BpfFuncId.SkLookupUdp, RetType.PtrToSocket | RetType.MaybeNull)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkcLookupTcp = new(BpfFuncId.SkcLookupTcp, RetType.PtrToSockCommon | RetType.MaybeNull)
    {
        PktAccess = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkRelease = new(BpfFuncId.SkRelease, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon | ArgType.Release,
    };

    public static readonly HelperProto SkFullsock = new(BpfFuncId.SkFullsock, RetType.PtrToSocket | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToSockCommon,
    };

    public static readonly HelperProto TcpSock = new(BpfFuncId.TcpSock, RetType.PtrToTcpSock | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToSockCommon,
    };

    public static readonly HelperProto GetListenerSock = new(BpfFuncId.GetListenerSock, RetType.PtrToSocket | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToSockCommon,
    };

    public static readonly HelperProto SkAssign = new(BpfFuncId.SkAssign, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToBtfIdSockCommon,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkSelectReuseport = new(BpfFuncId.SkSelectReuseport, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.PtrToMapKey,
        Arg4 = ArgType.Anything,
    };
}
