using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_strtol, bpf_strtoul and bpf_strncmp, as kernel/bpf/helpers.c, 6.18.</summary>
[BpfHelpers]
public static unsafe class StringHelpers
{
    public static readonly HelperProto Strtol = new(BpfFuncId.Strtol, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg4Size = 8,
    };

    public static readonly HelperProto Strtoul = new(BpfFuncId.Strtoul, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg4Size = 8,
    };

    public static readonly HelperProto Strncmp = new(BpfFuncId.Strncmp, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.PtrToConstStr,
    };

    private const ulong BaseMask = 0x1f;
    private const int LongestNumber = 63;

    /// <summary>Returns how many characters were read; the number goes to memory.</summary>
    public static ulong StrtolCall(RunContext run, ulong text, ulong size, ulong flags, ulong result, ulong r5)
    {
        Span<byte> to = HelperMemory.Bytes(run, result, sizeof(long));
        to.Clear();
        int consumed = Parse(HelperMemory.Bytes(run, text, size), flags, out ulong value, out bool negative);
        if (consumed < 0)
            return HelperMemory.Result(consumed);
        long signed = negative ? (long)(0 - value) : (long)value;
        if (negative ? signed > 0 : signed < 0)
            return HelperMemory.Result(-Errno.ERANGE);
        BitConverter.TryWriteBytes(to, signed);
        return (ulong)consumed;
    }

    public static ulong StrtoulCall(RunContext run, ulong text, ulong size, ulong flags, ulong result, ulong r5)
    {
        Span<byte> to = HelperMemory.Bytes(run, result, sizeof(ulong));
        to.Clear();
        int consumed = Parse(HelperMemory.Bytes(run, text, size), flags, out ulong value, out bool negative);
        if (consumed < 0)
            return HelperMemory.Result(consumed);
        if (negative)
            return HelperMemory.Result(-Errno.EINVAL);
        BitConverter.TryWriteBytes(to, value);
        return (ulong)consumed;
    }

    public static ulong StrncmpCall(RunContext run, ulong first, ulong size, ulong second, ulong r4, ulong r5)
    {
        byte* a = run.Memory.Resolve(first), b = run.Memory.Resolve(second);
        int most = HelperMemory.Bytes(run, first, size).Length;
        for (int i = 0; i < most; i++)
        {
            if (a[i] != b[i])
                return a[i] < b[i] ? ulong.MaxValue : 1;
            if (a[i] == 0)
                break;
        }

        return 0;
    }

    /// <summary>Spaces, a minus, an optional prefix and digits, as __bpf_strtoull; returns the characters read, EINVAL or ERANGE.</summary>
    private static int Parse(ReadOnlySpan<byte> text, ulong flags, out ulong value, out bool negative)
    {
        value = 0;
        negative = false;
        uint radix = (uint)(flags & BaseMask);
        if (text.IsEmpty || radix is not (0 or 8 or 10 or 16) || (flags & ~BaseMask) != 0)
            return -Errno.EINVAL;
        int at = 0;
        while (at < text.Length && IsSpace(text[at]))
            at++;
        negative = at < text.Length && text[at] == '-';
        if (negative)
            at++;
        if (at == text.Length)
            return -Errno.EINVAL;
        ReadOnlySpan<byte> digits = text.Slice(at, Math.Min(text.Length - at, LongestNumber));
        int prefix = Radix(digits, ref radix);
        int length = Digits(digits[prefix..], radix, out value);
        return length <= 0 ? (length < 0 ? length : -Errno.EINVAL) : at + prefix + length;
    }

    // _parse_integer_fixup_radix: returns the length of a 0x.
    private static int Radix(ReadOnlySpan<byte> text, ref uint radix)
    {
        bool zero = text[0] == '0', hex = zero && text.Length > 1 && (text[1] | 0x20) == 'x';
        if (radix == 0)
            radix = !zero ? 10u : hex && text.Length > 2 && char.IsAsciiHexDigit((char)text[2]) ? 16u : 8u;
        return radix == 16 && hex ? 2 : 0;
    }

    private static int Digits(ReadOnlySpan<byte> text, uint radix, out ulong value)
    {
        value = 0;
        bool overflow = false;
        int length = 0;
        for (; length < text.Length; length++)
        {
            int lower = text[length] | 0x20;
            uint digit = text[length] is >= (byte)'0' and <= (byte)'9' ? (uint)(text[length] - '0') : lower is >= 'a' and <= 'f' ? (uint)(lower - 'a' + 10) : uint.MaxValue;
            if (digit >= radix)
                break;
            overflow |= value > (ulong.MaxValue - digit) / radix;
            value = value * radix + digit;
        }

        return overflow ? -Errno.ERANGE : length;
    }

    private static bool IsSpace(byte one) => one is (byte)' ' or 0xa0 or >= 9 and <= 13;
}
