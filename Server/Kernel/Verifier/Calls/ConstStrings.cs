using System.Text;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Access;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>Strings that never change: zero-terminated, in a frozen map that programs only read. As check_reg_const_str and bpf_bprintf_prepare (6.18).</summary>
internal static class ConstStrings
{
    public static int Check(Walker w, int regno)
    {
        RegState reg = w.Regs[regno];
        if (reg.Type != RegType.PtrToMapValue)
            return -Errno.EINVAL;
        BpfMap map = reg.Map!;
        if (map.Type == BpfMapType.PercpuArray)
            return Refuse(w, $"R{regno} points to percpu_array map which cannot be used as const string\n", -Errno.EACCES);
        if ((map.Definition.Flags & MapFlags.RdonlyProg) == 0 || !map.Frozen)
            return Refuse(w, $"R{regno} does not point to a readonly map'\n", -Errno.EACCES);
        if (!reg.Bounds.IsConst)
            return Refuse(w, $"R{regno} is not a constant address'\n", -Errno.EACCES);
        if (MapRegistry.Traits(map.Type) is not { DirectValue: true })
            return Refuse(w, "no direct value access support for this map type\n", -Errno.EACCES);
        int error = MapAccess.Check(w, regno, reg.Off, (int)map.ValueSize - reg.Off, zeroAllowed: false, write: false);
        if (error != 0)
            return error;
        int offset = reg.Off + (int)reg.Bounds.Tnum.Value;
        error = map.DirectValueAddress((uint)offset, out ulong address);
        if (error != 0)
            return Refuse(w, "direct value access on string failed\n", error);
        return Bytes(address, (int)map.ValueSize - offset).Contains((byte)0) ? 0 : Refuse(w, "string is not zero-terminated\n", -Errno.EINVAL);
    }

    /// <summary>bpf_snprintf: R3 is the format (already found to be a constant string), R5 the size of its arguments in bytes (check_bpf_snprintf_call).</summary>
    public static int CheckFormat(Walker w)
    {
        RegState format = w.Regs[Isa.Op.R3];
        ulong size = w.Regs[Isa.Op.R5].Bounds.Tnum.Value;
        if (size % 8 != 0)
            return -Errno.EINVAL;
        int offset = format.Off + (int)format.Bounds.Tnum.Value;
        if (format.Map!.DirectValueAddress((uint)offset, out ulong address) != 0)
            return Refuse(w, "failed to retrieve map value address\n", -Errno.EFAULT);
        ReadOnlySpan<byte> text = Bytes(address, (int)format.Map.ValueSize - offset);
        text = text[..text.IndexOf((byte)0)];
        return IsFormat(text, size / 8) ? 0 : Refuse(w, "Invalid format string\n", -Errno.EINVAL);
    }

    /// <summary>A format with at most that many conversions, each of a kind that bpf_bprintf_prepare knows.</summary>
    internal static bool IsFormat(ReadOnlySpan<byte> format, ulong arguments)
    {
        ulong used = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (Ascii.IsValid(format[i]) && !IsPrintable(format[i]) && !IsSpace(format[i]))
                return false;
            if (format[i] != '%')
                continue;
            if (At(format, i + 1) == '%')
            {
                i++;
                continue;
            }

            if (used >= arguments)
                return false;
            i++;
            while (At(format, i) is '0' or '+' or '-' or ' ')
                i++;
            if (At(format, i) is >= '1' and <= '9')
            {
                while (At(format, i) is >= '0' and <= '9')
                    i++;
            }

            int length = Conversion(format, i);
            if (length < 0)
                return false;
            i += length - 1;
            used++;
        }

        return true;
    }

    // Length of the conversion at i (behind flags and width), or -1.
    private static int Conversion(ReadOnlySpan<byte> format, int i)
    {
        switch (At(format, i))
        {
            case 'p':
                char next = At(format, i + 1);
                if (next == 0 || IsSpace((byte)next) || IsPunctuation((byte)next))
                    return 1;
                if (next is 'k' or 'u' && At(format, i + 2) == 's')
                    return EndsWord(format, i + 3) ? 3 : -1;
                if (next is 'K' or 'x' or 's' or 'S' or 'B')
                    return 2;
                return next is 'i' or 'I' && At(format, i + 2) is '4' or '6' ? 3 : -1;
            case 's':
                return EndsWord(format, i + 1) ? 1 : -1;
            case 'c':
                return 1;
        }

        int start = i;
        for (int l = 0; l < 2 && At(format, i) == 'l'; l++)
            i++;
        return At(format, i) is 'i' or 'd' or 'u' or 'x' or 'X' ? i + 1 - start : -1;
    }

    private static char At(ReadOnlySpan<byte> text, int i) => i < text.Length ? (char)text[i] : '\0';

    private static bool EndsWord(ReadOnlySpan<byte> text, int i) => i >= text.Length || IsSpace(text[i]) || IsPunctuation(text[i]);

    private static bool IsPrintable(byte b) => b is >= 0x20 and < 0x7f;

    // Classes of Latin 1, as lib/ctype.c has them.
    private static bool IsSpace(byte b) => b is 0x20 or 0xa0 or (>= 9 and <= 13);

    private static bool IsPunctuation(byte b) => b is (> 0x20 and < 0x7f and not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'a' and <= (byte)'z')))
        or (> 0xa0 and < 0xc0) or 0xd7 or 0xf7;

    /// <summary>A letter or digit of Latin 1 (isalnum in lib/ctype.c).</summary>
    internal static bool IsWord(byte b) => b is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'a' and <= (byte)'z') or (>= 0xc0 and not 0xd7 and not 0xf7);

    // The map holds the memory, and the program will hold the map: it cannot go away while we look.
    private static unsafe ReadOnlySpan<byte> Bytes(ulong address, int length) => new((void*)address, length);

    private static int Refuse(Walker w, string message, int error)
    {
        w.Log.Write(message);
        return error;
    }
}
