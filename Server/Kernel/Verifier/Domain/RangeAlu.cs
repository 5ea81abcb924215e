using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// The ranges of one operation at one width, as the scalar_min_max_* and scalar32_min_max_* functions in kernel/bpf/verifier.c (6.18).
/// Shifts are by a constant and set the tnum too; the others leave it to <see cref="ScalarAlu"/>.
/// </summary>
internal static class RangeAlu
{
    public static void Add64(ref Bounds d, in Bounds s)
    {
        long min = unchecked(d.SMin + s.SMin), max = unchecked(d.SMax + s.SMax);
        bool overflow = ((d.SMin ^ min) & (s.SMin ^ min)) < 0 || ((d.SMax ^ max) & (s.SMax ^ max)) < 0;
        (d.SMin, d.SMax) = overflow ? (long.MinValue, long.MaxValue) : (min, max);

        // Unsigned: fine where no sum or every sum wraps around.
        ulong umin = unchecked(d.UMin + s.UMin), umax = unchecked(d.UMax + s.UMax);
        bool minWraps = umin < d.UMin, maxWraps = umax < d.UMax;
        (d.UMin, d.UMax) = !minWraps && maxWraps ? (0, ulong.MaxValue) : (umin, umax);
    }

    public static void Add32(ref Bounds d, in Bounds s)
    {
        long min = (long)d.S32Min + s.S32Min, max = (long)d.S32Max + s.S32Max;
        (d.S32Min, d.S32Max) = min < int.MinValue || min > int.MaxValue || max < int.MinValue || max > int.MaxValue
            ? (int.MinValue, int.MaxValue) : ((int)min, (int)max);

        ulong umin = (ulong)d.U32Min + s.U32Min, umax = (ulong)d.U32Max + s.U32Max;
        (d.U32Min, d.U32Max) = umin <= uint.MaxValue && umax > uint.MaxValue ? (0, uint.MaxValue) : ((uint)umin, (uint)umax);
    }

    public static void Sub64(ref Bounds d, in Bounds s)
    {
        long min = unchecked(d.SMin - s.SMax), max = unchecked(d.SMax - s.SMin);
        bool overflow = ((d.SMin ^ s.SMax) & (d.SMin ^ min)) < 0 || ((d.SMax ^ s.SMin) & (d.SMax ^ max)) < 0;
        (d.SMin, d.SMax) = overflow ? (long.MinValue, long.MaxValue) : (min, max);

        bool minWraps = d.UMin < s.UMax, maxWraps = d.UMax < s.UMin;
        (d.UMin, d.UMax) = minWraps && !maxWraps ? (0, ulong.MaxValue) : (unchecked(d.UMin - s.UMax), unchecked(d.UMax - s.UMin));
    }

    public static void Sub32(ref Bounds d, in Bounds s)
    {
        long min = (long)d.S32Min - s.S32Max, max = (long)d.S32Max - s.S32Min;
        (d.S32Min, d.S32Max) = min < int.MinValue || min > int.MaxValue || max < int.MinValue || max > int.MaxValue
            ? (int.MinValue, int.MaxValue) : ((int)min, (int)max);

        bool minWraps = d.U32Min < s.U32Max, maxWraps = d.U32Max < s.U32Min;
        (d.U32Min, d.U32Max) = minWraps && !maxWraps ? (0, uint.MaxValue) : (unchecked(d.U32Min - s.U32Max), unchecked(d.U32Max - s.U32Min));
    }

    public static void Mul64(ref Bounds d, in Bounds s)
    {
        (d.UMin, d.UMax) = Math.BigMul(d.UMax, s.UMax, out ulong umax) != 0 ? (0, ulong.MaxValue) : (unchecked(d.UMin * s.UMin), umax);

        Int128 a = (Int128)d.SMin * s.SMin, b = (Int128)d.SMin * s.SMax, c = (Int128)d.SMax * s.SMin, e = (Int128)d.SMax * s.SMax;
        Int128 min = Int128.Min(Int128.Min(a, b), Int128.Min(c, e)), max = Int128.Max(Int128.Max(a, b), Int128.Max(c, e));
        (d.SMin, d.SMax) = min < long.MinValue || max > long.MaxValue ? (long.MinValue, long.MaxValue) : ((long)min, (long)max);
    }

    public static void Mul32(ref Bounds d, in Bounds s)
    {
        ulong umax = (ulong)d.U32Max * s.U32Max;
        (d.U32Min, d.U32Max) = umax > uint.MaxValue ? (0, uint.MaxValue) : (d.U32Min * s.U32Min, (uint)umax);

        long a = (long)d.S32Min * s.S32Min, b = (long)d.S32Min * s.S32Max, c = (long)d.S32Max * s.S32Min, e = (long)d.S32Max * s.S32Max;
        long min = Math.Min(Math.Min(a, b), Math.Min(c, e)), max = Math.Max(Math.Max(a, b), Math.Max(c, e));
        (d.S32Min, d.S32Max) = min < int.MinValue || max > int.MaxValue ? (int.MinValue, int.MaxValue) : ((int)min, (int)max);
    }

    /// <summary>And, or, xor at 32 bits; the tnum holds the result already.</summary>
    public static void Bitwise32(ref Bounds d, in Bounds s, int op)
    {
        uint value = (uint)d.Tnum.Value, mask = (uint)d.Tnum.Mask;
        if (s.Tnum.IsSubregConst && mask == 0)
        {
            d.SetKnown32(value);
            return;
        }

        // And cannot exceed either operand, or cannot fall below either; the tnum gives the other end, for xor both.
        d.U32Min = op == Op.Or ? Math.Max(d.U32Min, s.U32Min) : value;
        d.U32Max = op == Op.And ? Math.Min(d.U32Max, s.U32Max) : value | mask;
        bool oneSign = (int)d.U32Min <= (int)d.U32Max;
        d.S32Min = oneSign ? (int)d.U32Min : int.MinValue;
        d.S32Max = oneSign ? (int)d.U32Max : int.MaxValue;
    }

    /// <summary>And, or, xor at 64 bits; the tnum holds the result already.</summary>
    public static void Bitwise64(ref Bounds d, in Bounds s, int op)
    {
        if (s.Tnum.IsConst && d.Tnum.IsConst)
        {
            d.SetKnown(d.Tnum.Value);
            return;
        }

        d.UMin = op == Op.Or ? Math.Max(d.UMin, s.UMin) : d.Tnum.Value;
        d.UMax = op == Op.And ? Math.Min(d.UMax, s.UMax) : d.Tnum.Value | d.Tnum.Mask;
        bool oneSign = (long)d.UMin <= (long)d.UMax;
        d.SMin = oneSign ? (long)d.UMin : long.MinValue;
        d.SMax = oneSign ? (long)d.UMax : long.MaxValue;
        BoundsSync.RangesFromTnum(ref d);
    }

    public static void ShiftLeft32(ref Bounds d, int shift)
    {
        ShiftLeft32Ranges(ref d, shift);
        d.Tnum = d.Tnum.Subreg.ShiftLeft(shift).Subreg;
        d.SetUnbounded64();
        BoundsSync.RangesFromTnum32(ref d);
    }

    public static void ShiftLeft64(ref Bounds d, int shift)
    {
        // Compilers sign-extend by << 32, s>> 32: here the signed 32-bit range moves up as it is.
        (d.SMin, d.SMax) = shift == 32 ? ((long)d.S32Min << 32, (long)d.S32Max << 32) : (long.MinValue, long.MaxValue);
        (d.UMin, d.UMax) = d.UMax > 1UL << (63 - shift) ? (0, ulong.MaxValue) : (d.UMin << shift, d.UMax << shift);
        ShiftLeft32Ranges(ref d, shift);
        d.Tnum = d.Tnum.ShiftLeft(shift);
        BoundsSync.RangesFromTnum(ref d);
    }

    public static void ShiftRight32(ref Bounds d, int shift)
    {
        (d.S32Min, d.S32Max) = (int.MinValue, int.MaxValue);
        d.Tnum = d.Tnum.Subreg.ShiftRight(shift);
        d.U32Min >>= shift;
        d.U32Max >>= shift;
        d.SetUnbounded64();
        BoundsSync.RangesFromTnum32(ref d);
    }

    public static void ShiftRight64(ref Bounds d, int shift)
    {
        (d.SMin, d.SMax) = (long.MinValue, long.MaxValue);
        d.Tnum = d.Tnum.ShiftRight(shift);
        d.UMin >>= shift;
        d.UMax >>= shift;
        // What moves into the low half is known to the tnum only.
        d.SetUnbounded32();
        BoundsSync.RangesFromTnum(ref d);
    }

    public static void ShiftRightArithmetic32(ref Bounds d, int shift)
    {
        d.S32Min >>= shift;
        d.S32Max >>= shift;
        d.Tnum = d.Tnum.Subreg.ShiftRightArithmetic(shift, 32);
        (d.U32Min, d.U32Max) = (0, uint.MaxValue);
        d.SetUnbounded64();
        BoundsSync.RangesFromTnum32(ref d);
    }

    public static void ShiftRightArithmetic64(ref Bounds d, int shift)
    {
        d.SMin >>= shift;
        d.SMax >>= shift;
        d.Tnum = d.Tnum.ShiftRightArithmetic(shift, 64);
        (d.UMin, d.UMax) = (0, ulong.MaxValue);
        d.SetUnbounded32();
        BoundsSync.RangesFromTnum(ref d);
    }

    private static void ShiftLeft32Ranges(ref Bounds d, int shift)
    {
        // The sign bit is whatever is shifted into it, and a bit that may be shifted out leaves nothing to say.
        (d.S32Min, d.S32Max) = (int.MinValue, int.MaxValue);
        (d.U32Min, d.U32Max) = shift > 31 || d.U32Max > 1UL << (31 - shift) ? (0, uint.MaxValue) : (d.U32Min << shift, d.U32Max << shift);
    }
}
