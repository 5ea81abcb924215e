using System.Numerics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Calls;

namespace WebBpf.Kernel.Helpers.Text;

/// <summary>
/// printf of programs: bpf_bprintf_prepare in kernel/bpf/helpers.c and bstr_printf in lib/vsprintf.c, 6.18. Strings and addresses that an argument points to are read from the
/// sandbox only. Plain pointers (%p) are printed hashed, as the kernel does; symbols (%ps, %pS, %pB) as numbers, for there are none.
/// </summary>
internal static class TextFormat
{
    /// <summary>Most text of one call, with the zero at its end (MAX_BPRINTF_BUF).</summary>
    public const int MaxText = 1024;

    /// <summary>Most arguments of one call (MAX_BPRINTF_VARARGS).</summary>
    public const int MaxArguments = 12;

    private const int PointerDigits = 16;

    /// <summary>
    /// Formats into <paramref name="output"/>, which gets a zero at its end, and returns the length of the whole text (which may be more than fits), or EINVAL where the format
    /// is none.
    /// </summary>
    /// <param name="run">The run, for what arguments point to.</param>
    /// <param name="format">The format's memory: it ends at its first zero, which must be there.</param>
    /// <param name="arguments">One per conversion; more are ignored.</param>
    /// <param name="output">Room for the text.</param>
    public static int Format(RunContext run, ReadOnlySpan<byte> format, ReadOnlySpan<ulong> arguments, Span<byte> output)
    {
        int end = format.IndexOf((byte)0);
        if (end < 0 || !ConstStrings.IsFormat(format[..end], (ulong)arguments.Length))
            return -Errno.EINVAL;
        format = format[..end];
        var text = new TextOutput(output);
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Add(format[i]);
            }
            else if (At(format, i + 1) == '%')
            {
                text.Add((byte)'%');
                i++;
            }
            else
            {
                i++;
                FieldSpec spec = FieldSpec.Parse(format, ref i);
                Convert(run, format, ref i, spec, arguments[next++], ref text);
            }
        }

        text.Terminate();
        return text.Length;
    }

    // i stands at the conversion, and afterwards at its last character.
    private static void Convert(RunContext run, ReadOnlySpan<byte> format, ref int i, in FieldSpec spec, ulong value, ref TextOutput text)
    {
        switch (format[i])
        {
            case (byte)'c':
                text.AddPadded([(byte)value], spec);
                return;
            case (byte)'s':
                AddString(run, value, spec, ready: false, ref text);
                return;
            case (byte)'p':
                AddPointer(run, format, ref i, spec, value, ref text);
                return;
        }

        bool wide = format[i] == 'l';
        while (format[i] == 'l')
            i++;
        switch (format[i])
        {
            case (byte)'d' or (byte)'i':
                long signed = wide ? (long)value : (int)value;
                char sign = signed < 0 ? '-' : spec.Plus ? '+' : spec.Space ? ' ' : '\0';
                text.AddNumber(signed < 0 ? 0 - (ulong)signed : (ulong)signed, sign, 10, false, spec);
                return;
            case (byte)'u':
                text.AddNumber(wide ? value : (uint)value, '\0', 10, false, spec);
                return;
            default:
                text.AddNumber(wide ? value : (uint)value, '\0', 16, format[i] == 'X', spec);
                return;
        }
    }

    private static void AddPointer(RunContext run, ReadOnlySpan<byte> format, ref int i, in FieldSpec spec, ulong value, ref TextOutput text)
    {
        FieldSpec digits = spec.Width == 0 ? spec with { Width = PointerDigits, Zeros = true } : spec;
        char kind = At(format, i + 1);
        switch (kind)
        {
            case 'x':
                text.AddNumber(value, '\0', 16, false, digits);
                break;
            case 's' or 'S':
                AddSymbol(value, spec, ready: false, ref text);
                break;
            case 'B':
                AddSymbol(value, default, ready: true, ref text);
                break;
            case 'k' or 'u' when At(format, i + 2) == 's':
                AddString(run, value, default, ready: true, ref text);
                break;
            case 'i' or 'I' when At(format, i + 2) is '4' or '6':
                AddAddress(run, value, leadingZeros: kind == 'i', six: At(format, i + 2) == '6', ref text);
                break;
            default:
                // Null and error codes are no secret.
                bool plain = value == 0 || value >= unchecked((ulong)-4095);
                text.AddNumber(plain ? value : Hash(value), '\0', 16, false, digits);
                break;
        }

        // Whatever letters follow belong to the conversion.
        while (i + 1 < format.Length && ConstStrings.IsWord(format[i + 1]))
            i++;
    }

    // There are no symbols: a number stands for them.
    private static void AddSymbol(ulong value, in FieldSpec spec, bool ready, ref TextOutput text)
    {
        Span<byte> room = stackalloc byte[PointerDigits + 3];
        var part = new TextOutput(room);
        part.Add("0x"u8);
        part.AddNumber(value, '\0', 16, false, default);
        if (ready)
            text.AddReady(part.Written);
        else
            text.AddPadded(part.Written, spec);
    }

    private static void AddString(RunContext run, ulong address, in FieldSpec spec, bool ready, ref TextOutput text)
    {
        Span<byte> copy = stackalloc byte[MaxText];
        int length = ProbeReadHelpers.CopyString(run, copy, address);
        ReadOnlySpan<byte> found = length <= 0 ? default : copy[..(length - 1)];
        if (ready)
            text.AddReady(found);
        else
            text.AddPadded(found, spec);
    }

    private static void AddAddress(RunContext run, ulong address, bool leadingZeros, bool six, ref TextOutput text)
    {
        Span<byte> bytes = stackalloc byte[six ? 16 : 4];
        ProbeReadHelpers.Copy(run, bytes, address);
        Span<byte> room = stackalloc byte[48];
        var part = new TextOutput(room);
        for (int i = 0; i < bytes.Length; i++)
        {
            if (six)
            {
                if (!leadingZeros && i != 0 && i % 2 == 0)
                    part.Add((byte)':');
                part.AddNumber(bytes[i], '\0', 16, false, new FieldSpec(2, false, true, false, false));
            }
            else
            {
                if (i != 0)
                    part.Add((byte)'.');
                part.AddNumber(bytes[i], '\0', 10, false, leadingZeros ? new FieldSpec(3, false, true, false, false) : default);
            }
        }

        text.AddReady(part.Written);
    }

    private static char At(ReadOnlySpan<byte> text, int i) => i < text.Length ? (char)text[i] : '\0';

    /// <summary>32 bits that do not tell the address.</summary>
    private static uint Hash(ulong address)
    {
        ulong mixed = (address ^ (address >> 33)) * 0xff51afd7ed558ccd;
        return (uint)BitOperations.RotateLeft(mixed ^ (mixed >> 29), 17);
    }
}
