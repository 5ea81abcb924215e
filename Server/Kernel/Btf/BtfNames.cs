namespace WebBpf.Kernel.Btf;

/// <summary>Which names are allowed where (btf_name_valid_identifier and btf_name_valid_section, 6.18).</summary>
internal static class BtfNames
{
    /// <summary>KSYM_NAME_LEN: names are shorter than this.</summary>
    private const int MaxLength = 512;

    /// <summary>Letters (also those of Latin-1, as the kernel's isalpha has it), digits, underscores and dots; no digit first.</summary>
    public static bool IsIdentifier(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.Length > MaxLength || char.IsAsciiDigit((char)name[0]))
            return false;
        foreach (byte c in name)
        {
            bool letter = char.IsAsciiLetter((char)c) || (c >= 0xc0 && c is not (0xd7 or 0xf7));
            if (!letter && !char.IsAsciiDigit((char)c) && c != '_' && c != '.')
                return false;
        }

        return true;
    }

    /// <summary>Any printable characters of Latin-1.</summary>
    public static bool IsSection(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.Length > MaxLength)
            return false;
        foreach (byte c in name)
        {
            if (c < 0x20 || c is >= 0x7f and < 0xa0)
                return false;
        }

        return true;
    }
}
