namespace WebBpf.Kernel.Btf;

/// <summary>Which names are allowed where (btf_name_valid_identifier and btf_name_valid_section, 6.18).</summary>
internal static class BtfNames
{
    /// <summary>KSYM_NAME_LEN: names are shorter than this.</summary>
    private const int MaxLength = 512;

    /// <summary>Letters, digits, underscores and dots; no digit first.</summary>
    public static bool IsIdentifier(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.Length > MaxLength || char.IsAsciiDigit((char)name[0]))
            return false;
        foreach (byte c in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c != '_' && c != '.')
                return false;
        }

        return true;
    }

    /// <summary>Any printable characters.</summary>
    public static bool IsSection(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && name.Length <= MaxLength && !name.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e);
}
