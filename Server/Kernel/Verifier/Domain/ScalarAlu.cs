using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// Arithmetic of two scalars, <c>dst = dst op src</c>, as adjust_scalar_min_max_vals in kernel/bpf/verifier.c (6.18). Every operation but the
/// shifts works out the 32-bit and the 64-bit ranges side by side; the tnum comes first where the ranges read it (mul, and, or, xor) and
/// last where they do not. A 32-bit instruction then keeps its low half only.
/// </summary>
public static class ScalarAlu
{
    /// <summary>
    /// Applies an arithmetic instruction's operation (<see cref="Op.Add"/> ... <see cref="Op.Arsh"/>, not mov). What the kernel does not
    /// follow (division, shifts by an unknown or too large amount) gives an unknown value of 64 bits, also for 32-bit instructions.
    /// Byte order conversions have their own <see cref="ByteSwap"/>.
    /// </summary>
    /// <param name="source">The other operand; ignored for neg.</param>
    public static void Apply(ref Bounds dst, Bounds source, int op, bool is32)
    {
        if (!IsTracked(source, op, is32))
        {
            dst.SetUnknown();
            return;
        }

        switch (op)
        {
            case Op.Add:
                RangeAlu.Add32(ref dst, source);
                RangeAlu.Add64(ref dst, source);
                dst.Tnum += source.Tnum;
                break;
            case Op.Sub:
                RangeAlu.Sub32(ref dst, source);
                RangeAlu.Sub64(ref dst, source);
                dst.Tnum -= source.Tnum;
                break;
            case Op.Neg:
                Bounds operand = dst;
                dst.SetKnown(0);
                RangeAlu.Sub32(ref dst, operand);
                RangeAlu.Sub64(ref dst, operand);
                dst.Tnum = -operand.Tnum;
                break;
            case Op.Mul:
                dst.Tnum *= source.Tnum;
                RangeAlu.Mul32(ref dst, source);
                RangeAlu.Mul64(ref dst, source);
                break;
            case Op.And:
                dst.Tnum &= source.Tnum;
                RangeAlu.Bitwise32(ref dst, source, Op.And);
                RangeAlu.Bitwise64(ref dst, source, Op.And);
                break;
            case Op.Or:
                dst.Tnum |= source.Tnum;
                RangeAlu.Bitwise32(ref dst, source, Op.Or);
                RangeAlu.Bitwise64(ref dst, source, Op.Or);
                break;
            case Op.Xor:
                dst.Tnum ^= source.Tnum;
                RangeAlu.Bitwise32(ref dst, source, Op.Xor);
                RangeAlu.Bitwise64(ref dst, source, Op.Xor);
                break;
            case Op.Lsh when is32:
                RangeAlu.ShiftLeft32(ref dst, (int)source.U32Min);
                break;
            case Op.Lsh:
                RangeAlu.ShiftLeft64(ref dst, (int)source.UMin);
                break;
            case Op.Rsh when is32:
                RangeAlu.ShiftRight32(ref dst, (int)source.U32Min);
                break;
            case Op.Rsh:
                RangeAlu.ShiftRight64(ref dst, (int)source.UMin);
                break;
            case Op.Arsh when is32:
                RangeAlu.ShiftRightArithmetic32(ref dst, (int)source.U32Min);
                break;
            default:
                RangeAlu.ShiftRightArithmetic64(ref dst, (int)source.UMin);
                break;
        }

        if (is32)
            BoundsWidth.ZeroExtend32(ref dst);
        dst.Sync();
    }

    /// <summary>
    /// A byte order conversion: swaps the low <paramref name="bits"/> (16, 32 or 64) where <paramref name="swap"/>, and clears the rest.
    /// On this little-endian machine bswap and "to big" swap, "to little" truncates. Only the tnum survives a swap.
    /// </summary>
    public static void ByteSwap(ref Bounds b, int bits, bool swap)
    {
        if (swap)
        {
            b.Tnum = bits switch { 16 => b.Tnum.Swap16(), 32 => b.Tnum.Swap32(), _ => b.Tnum.Swap64() };
            b.SetUnbounded();
        }

        if (bits < 64)
            BoundsWidth.Truncate(ref b, bits / 8);
        b.Sync();
    }

    /// <summary>Whether the result's range can be worked out at all (is_safe_to_compute_dst_reg_range).</summary>
    public static bool IsTracked(in Bounds source, int op, bool is32)
    {
        switch (op)
        {
            case Op.Add or Op.Sub or Op.Neg or Op.Mul or Op.And or Op.Or or Op.Xor:
                return true;
            case Op.Lsh or Op.Rsh or Op.Arsh:
                bool known = is32
                    ? source.Tnum.IsSubregConst && source.S32Min == source.S32Max && source.U32Min == source.U32Max
                    : source.Tnum.IsConst && source.SMin == source.SMax && source.UMin == source.UMax;
                return known && source.UMax < (is32 ? 32UL : 64UL);
            default:
                return false;
        }
    }
}
