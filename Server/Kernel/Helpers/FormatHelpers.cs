using System.Runtime.InteropServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers.Text;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Formatted text: bpf_snprintf as kernel/bpf/helpers.c, 6.18; the seq_file helpers of iterators and BTF-typed printing are prototypes.</summary>
[BpfHelpers]
public static class FormatHelpers
{
    private const uint LongestFormat = 1 << 20;

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

    /// <summary>Returns the length of the whole text with its zero, or EINVAL.</summary>
    public static ulong SnprintfCall(RunContext run, ulong to, ulong toSize, ulong format, ulong arguments, ulong size)
    {
        if ((uint)size % 8 != 0 || (uint)size > TextFormat.MaxArguments * 8 || ((uint)size != 0 && arguments == 0))
            return HelperMemory.Result(-Errno.EINVAL);
        // The verifier has seen that the format is a constant string: it ends within its map.
        ReadOnlySpan<byte> text = HelperMemory.Bytes(run, format, Math.Min(LongestFormat, uint.MaxValue - (uint)format));
        int length = TextFormat.Format(run, text, MemoryMarshal.Cast<byte, ulong>(HelperMemory.Bytes(run, arguments, size)), HelperMemory.Bytes(run, to, toSize));
        return HelperMemory.Result(length < 0 ? length : length + 1);
    }
}
