using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Routing lookups: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class RouteHelpers
{
    public static readonly HelperProto FibLookup = new(BpfFuncId.FibLookup, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Write,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto CheckMtu = new(BpfFuncId.CheckMtu, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Write | ArgType.Aligned,
        Arg3Size = 4,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };
}
