using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Facts of the socket of a context: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SocketInfoHelpers
{
    public static readonly HelperProto GetSocketCookie = new(BpfFuncId.GetSocketCookie, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto GetSocketUid = new(BpfFuncId.GetSocketUid, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto GetNetnsCookie = new(BpfFuncId.GetNetnsCookie, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx | ArgType.MaybeNull,
    };
}
