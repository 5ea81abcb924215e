namespace WebBpf.Kernel.Programs.Contexts;

/// <summary>Rules that is_valid_access functions share, as include/linux/filter.h, 6.18. Offsets and sizes in bytes.</summary>
internal static class CtxRules
{
    /// <summary>True where <paramref name="off"/> lies in the <paramref name="length"/> bytes of a field (bpf_ctx_range).</summary>
    public static bool In(int off, int field, int length) => off >= field && off < field + length;

    /// <summary>A naturally aligned access inside a context of <paramref name="length"/> bytes.</summary>
    public static bool Fits(int off, int size, int length) => off >= 0 && off < length && off % size == 0;

    /// <summary>
    /// Whether a part of a field of <paramref name="whole"/> bytes may be read: a power of two, no larger than the field, inside of it (bpf_ctx_narrow_access_ok).
    /// </summary>
    public static bool NarrowOk(int off, int size, int whole) => size <= whole && (size & (size - 1)) == 0 && (off & (whole - 1)) + size <= whole;

    /// <summary>Records the width of the field and judges the read of a part of it.</summary>
    public static bool Narrow(ref CtxAccess access, int off, int size, int whole)
    {
        access.FieldSize = whole;
        return NarrowOk(off, size, whole);
    }

    /// <summary>An aligned 8-byte access to two neighbours of an array of 32-bit words (bpf_ctx_wide_access_ok).</summary>
    public static bool WideOk(int off, int size, int field, int length) => size == 8 && off >= field && off + 8 <= field + length && off % 8 == 0;

    /// <summary>A load that yields a pointer of 8 bytes.</summary>
    public static bool Pointer(ref CtxAccess access, CtxLoad kind, int size)
    {
        access.Kind = kind;
        return size == 8;
    }
}
