using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Options of sockets and TCP headers: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SocketOptionHelpers
{
    public static readonly HelperProto Setsockopt = new(BpfFuncId.Setsockopt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSize,
    };

    public static readonly HelperProto Getsockopt = new(BpfFuncId.Getsockopt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg5 = ArgType.ConstSize,
    };

    public static readonly HelperProto SockOpsCbFlagsSet = new(BpfFuncId.SockOpsCbFlagsSet, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto Bind = new(BpfFuncId.Bind, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto LoadHdrOpt = new(BpfFuncId.LoadHdrOpt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Write,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto StoreHdrOpt = new(BpfFuncId.StoreHdrOpt, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto ReserveHdrOpt = new(BpfFuncId.ReserveHdrOpt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };
}
