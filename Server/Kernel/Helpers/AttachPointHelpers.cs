using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>The attach point a program runs at: prototypes of kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfHelpers]
public static class AttachPointHelpers
{
    public static readonly HelperProto GetFuncIp = new(BpfFuncId.GetFuncIp, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto GetAttachCookie = new(BpfFuncId.GetAttachCookie, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto GetFuncArg = new(BpfFuncId.GetFuncArg, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg3Size = 8,
    };

    public static readonly HelperProto GetFuncRet = new(BpfFuncId.GetFuncRet, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg2Size = 8,
    };

    public static readonly HelperProto GetFuncArgCnt = new(BpfFuncId.GetFuncArgCnt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto OverrideReturn = new(BpfFuncId.OverrideReturn, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };
}
