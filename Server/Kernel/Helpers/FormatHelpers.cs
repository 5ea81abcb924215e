using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Formatted text: bpf_snprintf as kernel/bpf/helpers.c, 6.18; the seq_file helpers of iterators and BTF-typed printing are prototypes.</summary>
[BpfHelpers]
public static class FormatHelpers
{
    public static readonly HelperProto Snprintf = new(BpfFuncId.Snprintf, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.PtrToConstStr,
        Arg4 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg5 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto SnprintfBtf = new(BpfFuncId.SnprintfBtf, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.Write,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SeqPrintf = new(BpfFuncId.SeqPrintf, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "seq_file",
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg5 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto SeqWrite = new(BpfFuncId.SeqWrite, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "seq_file",
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto SeqPrintfBtf = new(BpfFuncId.SeqPrintfBtf, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "seq_file",
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
    };
}
