namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// How the five views of one value (tnum, u64, s64, u32, s32) sharpen each other, as reg_bounds_sync in kernel/bpf/verifier.c (6.18):
/// ranges from the tnum; three rounds of ranges from ranges (32, 64, then 64 from 32); the tnum from the ranges; ranges from the tnum again.
/// </summary>
internal static class BoundsSync
{
    private const ulong Upper = ~0xffffffffUL;

    public static void Sync(ref Bounds b)
    {
        RangesFromTnum(ref b);
        for (int round = 0; round < 3; round++)
        {
            Deduce32(ref b);
            Deduce64(ref b);
            DeduceMixed(ref b);
        }

        TnumFromRanges(ref b);
        RangesFromTnum(ref b);
    }

    /// <summary>__update_reg_bounds.</summary>
    public static void RangesFromTnum(ref Bounds b)
    {
        RangesFromTnum32(ref b);
        RangesFromTnum64(ref b);
    }

    /// <summary>__update_reg32_bounds.</summary>
    public static void RangesFromTnum32(ref Bounds b)
    {
        // The signed minimum has the sign bit wherever it may be set and the other unknown bits clear; the maximum the other way round.
        uint value = (uint)b.Tnum.Value, mask = (uint)b.Tnum.Mask;
        b.S32Min = Math.Max(b.S32Min, (int)(value | (mask & 0x80000000)));
        b.S32Max = Math.Min(b.S32Max, (int)(value | (mask & 0x7fffffff)));
        b.U32Min = Math.Max(b.U32Min, value);
        b.U32Max = Math.Min(b.U32Max, value | mask);
    }

    /// <summary>__update_reg64_bounds.</summary>
    public static void RangesFromTnum64(ref Bounds b)
    {
        ulong value = b.Tnum.Value, mask = b.Tnum.Mask;
        b.SMin = Math.Max(b.SMin, (long)(value | (mask & 0x8000000000000000)));
        b.SMax = Math.Min(b.SMax, (long)(value | (mask & 0x7fffffffffffffff)));
        b.UMin = Math.Max(b.UMin, value);
        b.UMax = Math.Min(b.UMax, value | mask);
        FindSingleValue(ref b);
    }

    /// <summary>A range and a tnum that have one value in common leave only that.</summary>
    private static void FindSingleValue(ref Bounds b)
    {
        ulong next = b.Tnum.Next(b.UMin);
        if (b.Tnum.Contains(b.UMin))
        {
            // range: ---[xxxxxx]-----
            // tnum:  --xx----------x-
            if (next > b.UMax)
                b.SetKnown(b.UMin);
        }
        else if (next == b.Tnum.Max || (next <= b.UMax && b.Tnum.Next(next) > b.UMax))
        {
            // range: ---[xxxxxx]-----
            // tnum:  xx-----x------x-
            b.SetKnown(next);
        }
    }

    /// <summary>__reg32_deduce_bounds.</summary>
    private static void Deduce32(ref Bounds b)
    {
        // Where the upper halves of a 64-bit range agree, its lower halves are a 32-bit range, if they are in order at that signedness.
        if (b.UMin >> 32 == b.UMax >> 32)
        {
            TightenU32(ref b, (uint)b.UMin, (uint)b.UMax);
            if ((int)b.UMin <= (int)b.UMax)
                TightenS32(ref b, (int)b.UMin, (int)b.UMax);
        }

        if (b.SMin >> 32 == b.SMax >> 32)
        {
            if ((uint)b.SMin <= (uint)b.SMax)
                TightenU32(ref b, (uint)b.SMin, (uint)b.SMax);
            if ((int)b.SMin <= (int)b.SMax)
                TightenS32(ref b, (int)b.SMin, (int)b.SMax);
        }

        // Upper halves that follow each other (also 0xffffffff, 0) with lower halves from negative to positive: one s32 range.
        if ((uint)(b.UMin >> 32) + 1 == (uint)(b.UMax >> 32) && (int)b.UMin < 0 && (int)b.UMax >= 0)
            TightenS32(ref b, (int)b.UMin, (int)b.UMax);
        if ((uint)(b.SMin >> 32) + 1 == (uint)(b.SMax >> 32) && (int)b.SMin < 0 && (int)b.SMax >= 0)
            TightenS32(ref b, (int)b.SMin, (int)b.SMax);

        // A range that does not cross the sign boundary is the same range at the other signedness.
        if ((int)b.U32Min <= (int)b.U32Max)
            TightenS32(ref b, (int)b.U32Min, (int)b.U32Max);
        if ((uint)b.S32Min <= (uint)b.S32Max)
        {
            TightenU32(ref b, (uint)b.S32Min, (uint)b.S32Max);
        }
        else if (b.U32Max < (uint)b.S32Min)
        {
            // As at 64 bits below: the unsigned range meets one end of the signed one only.
            b.S32Min = (int)b.U32Min;
            b.U32Max = Math.Min(b.U32Max, (uint)b.S32Max);
        }
        else if ((uint)b.S32Max < b.U32Min)
        {
            b.S32Max = (int)b.U32Max;
            b.U32Min = Math.Max(b.U32Min, (uint)b.S32Min);
        }
    }

    /// <summary>__reg64_deduce_bounds.</summary>
    private static void Deduce64(ref Bounds b)
    {
        if ((long)b.UMin <= (long)b.UMax)
        {
            b.SMin = Math.Max(b.SMin, (long)b.UMin);
            b.SMax = Math.Min(b.SMax, (long)b.UMax);
        }

        if ((ulong)b.SMin <= (ulong)b.SMax)
        {
            b.UMin = Math.Max(b.UMin, (ulong)b.SMin);
            b.UMax = Math.Min(b.UMax, (ulong)b.SMax);
        }
        else if (b.UMax < (ulong)b.SMin)
        {
            // The signed range lies at both ends of the unsigned line, and the unsigned one meets only its non-negative part:
            //   |SSSSS------------SSSSS|  with  |--UUUU------------|
            b.SMin = (long)b.UMin;
            b.UMax = Math.Min(b.UMax, (ulong)b.SMax);
        }
        else if ((ulong)b.SMax < b.UMin)
        {
            // ... or only its negative part.
            b.SMax = (long)b.UMax;
            b.UMin = Math.Max(b.UMin, (ulong)b.SMin);
        }
    }

    /// <summary>__reg_deduce_mixed_bounds: 64-bit ranges from 32-bit ones.</summary>
    private static void DeduceMixed(ref Bounds b)
    {
        // An end of a 64-bit range cannot lie beyond the 32-bit range put under its own upper half.
        b.UMin = Math.Max(b.UMin, (b.UMin & Upper) | b.U32Min);
        b.UMax = Math.Min(b.UMax, (b.UMax & Upper) | b.U32Max);
        b.SMin = Math.Max(b.SMin, (long)(((ulong)b.SMin & Upper) | b.U32Min));
        b.SMax = Math.Min(b.SMax, (long)(((ulong)b.SMax & Upper) | b.U32Max));

        // After a sign extension: the whole is an s32 and its low half is not negative, so the upper half is zero.
        if (b.S32Min >= 0 && b.SMin >= int.MinValue && b.SMax <= int.MaxValue)
        {
            b.SMin = b.S32Min;
            b.SMax = b.S32Max;
            b.UMin = (ulong)b.S32Min;
            b.UMax = (ulong)b.S32Max;
            b.Tnum = Tnum.Intersect(b.Tnum, Tnum.Range((ulong)b.SMin, (ulong)b.SMax));
        }
    }

    /// <summary>__reg_bound_offset.</summary>
    private static void TnumFromRanges(ref Bounds b)
    {
        Tnum whole = Tnum.Intersect(b.Tnum, Tnum.Range(b.UMin, b.UMax));
        Tnum low = Tnum.Intersect(whole.Subreg, Tnum.Range(b.U32Min, b.U32Max));
        b.Tnum = whole.ClearSubreg | low;
    }

    private static void TightenU32(ref Bounds b, uint min, uint max)
    {
        b.U32Min = Math.Max(b.U32Min, min);
        b.U32Max = Math.Min(b.U32Max, max);
    }

    private static void TightenS32(ref Bounds b, int min, int max)
    {
        b.S32Min = Math.Max(b.S32Min, min);
        b.S32Max = Math.Min(b.S32Max, max);
    }
}
