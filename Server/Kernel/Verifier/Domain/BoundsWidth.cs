namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// Changes of width: zero extension after 32-bit instructions, truncation by small loads, sign extension (movsx, ldsx).
/// As zext_32_to_64, coerce_reg_to_size, coerce_reg_to_size_sx and coerce_subreg_to_size_sx in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class BoundsWidth
{
    /// <summary>The low half with a zero upper half. The caller syncs.</summary>
    public static void ZeroExtend32(ref Bounds b)
    {
        b.Tnum = b.Tnum.Subreg;
        Assign32To64(ref b);
    }

    /// <summary>64-bit ranges of a zero-extended 32-bit value (__reg_assign_32_into_64).</summary>
    public static void Assign32To64(ref Bounds b)
    {
        b.UMin = b.U32Min;
        b.UMax = b.U32Max;
        bool signed = b.S32Min >= 0 && b.S32Max >= 0;
        b.SMin = signed ? b.S32Min : 0;
        b.SMax = signed ? b.S32Max : uint.MaxValue;
    }

    /// <summary>The low <paramref name="size"/> bytes (1, 2 or 4), the rest zero; synced.</summary>
    public static void Truncate(ref Bounds b, int size)
    {
        b.Tnum = b.Tnum.Cast(size);
        ulong keep = (1UL << (size * 8)) - 1;
        if ((b.UMin & ~keep) == (b.UMax & ~keep))
        {
            b.UMin &= keep;
            b.UMax &= keep;
        }
        else
        {
            b.UMin = 0;
            b.UMax = keep;
        }

        b.SMin = (long)b.UMin;
        b.SMax = (long)b.UMax;
        // The 32-bit views lost bits as well where less than 32 are left.
        if (size < 4)
            b.SetUnbounded32();
        b.Sync();
    }

    /// <summary>The low <paramref name="size"/> bytes (1, 2 or 4) sign-extended to 64 bits.</summary>
    public static void SignExtend64(ref Bounds b, int size)
    {
        if (b.IsConst)
        {
            b.SetKnown((ulong)Extend((long)b.Tnum.Value, size));
            return;
        }

        int bits = size * 8;
        if ((b.SMax >> bits) == (b.SMin >> bits))
        {
            // The bits that fall away are the same throughout: the ends stay ends if their new signs agree.
            long a = Extend(b.SMax, size), c = Extend(b.SMin, size);
            long max = Math.Max(a, c), min = Math.Min(a, c);
            if ((max >= 0) == (min >= 0))
            {
                b.SMin = min;
                b.SMax = max;
                b.UMin = (ulong)min;
                b.UMax = (ulong)max;
                b.S32Min = (int)min;
                b.S32Max = (int)max;
                b.U32Min = (uint)min;
                b.U32Max = (uint)max;
                b.Tnum = Tnum.Range((ulong)min, (ulong)max);
                return;
            }
        }

        b.SetUnknown();
        b.SMin = Extend(1L << (bits - 1), size);
        b.SMax = (1L << (bits - 1)) - 1;
        b.S32Min = (int)b.SMin;
        b.S32Max = (int)b.SMax;
    }

    /// <summary>The low <paramref name="size"/> bytes (1 or 2) sign-extended to 32 bits. The caller zero-extends and syncs.</summary>
    public static void SignExtend32(ref Bounds b, int size)
    {
        if (b.IsConst)
        {
            ulong value = (ulong)Extend((long)b.Tnum.Value, size);
            b.Tnum = Tnum.Const(value);
            b.S32Min = b.S32Max = (int)value;
            b.U32Min = b.U32Max = (uint)value;
            return;
        }

        int bits = size * 8;
        if ((b.S32Max >> bits) == (b.S32Min >> bits))
        {
            int a = (int)Extend(b.S32Max, size), c = (int)Extend(b.S32Min, size);
            int max = Math.Max(a, c), min = Math.Min(a, c);
            if ((max >= 0) == (min >= 0))
            {
                b.S32Min = min;
                b.S32Max = max;
                b.U32Min = (uint)min;
                b.U32Max = (uint)max;
                b.Tnum = Tnum.Range((ulong)(long)min, (ulong)(long)max).Subreg;
                return;
            }
        }

        b.SetUnbounded32();
        b.S32Min = -(1 << (bits - 1));
        b.S32Max = (1 << (bits - 1)) - 1;
        b.Tnum = Tnum.Unknown.Subreg;
    }

    private static long Extend(long value, int size) => size switch { 1 => (sbyte)value, 2 => (short)value, _ => (int)value };
}
