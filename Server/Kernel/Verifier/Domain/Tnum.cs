using System.Buffers.Binary;
using System.Numerics;

namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// A tristate number: bits set in <see cref="Mask"/> are unknown, the others are as in <see cref="Value"/> (which is 0 where the mask is 1).
/// Every operation gives a tnum that holds each result of the operation on members of its operands. As struct tnum in kernel/bpf/tnum.c (6.18).
/// </summary>
public readonly record struct Tnum(ulong Value, ulong Mask)
{
    public static readonly Tnum Unknown = new(0, ulong.MaxValue);

    public static readonly Tnum Zero;

    public static Tnum Const(ulong value) => new(value, 0);

    public bool IsConst => Mask == 0;

    public bool IsUnknown => ~Mask == 0;

    /// <summary>The low 32 bits have one value.</summary>
    public bool IsSubregConst => (uint)Mask == 0;

    /// <summary>The smallest tnum that holds every value from min to max: the bits above the highest differing one are known.</summary>
    public static Tnum Range(ulong min, ulong max)
    {
        int bits = 64 - BitOperations.LeadingZeroCount(min ^ max);
        if (bits > 63)
            return Unknown;
        ulong delta = (1UL << bits) - 1;
        return new(min & ~delta, delta);
    }

    public Tnum ShiftLeft(int shift) => new(Value << shift, Mask << shift);

    public Tnum ShiftRight(int shift) => new(Value >> shift, Mask >> shift);

    /// <summary>Arithmetic shift by a constant; <paramref name="width"/> is 32 or 64, and a 32-bit result has its upper half clear.</summary>
    public Tnum ShiftRightArithmetic(int shift, int width) => width == 32
        ? new((uint)((int)Value >> shift), (uint)((int)Mask >> shift))
        : new((ulong)((long)Value >> shift), (ulong)((long)Mask >> shift));

    public static Tnum operator +(Tnum a, Tnum b)
    {
        // The bits that carries can reach: where the sum of everything unknown set differs from the sum of nothing set.
        ulong value = a.Value + b.Value;
        ulong all = value + (a.Mask + b.Mask);
        ulong unknown = (all ^ value) | a.Mask | b.Mask;
        return new(value & ~unknown, unknown);
    }

    public static Tnum operator -(Tnum a, Tnum b)
    {
        ulong value = a.Value - b.Value;
        ulong unknown = ((value + a.Mask) ^ (value - b.Mask)) | a.Mask | b.Mask;
        return new(value & ~unknown, unknown);
    }

    public static Tnum operator -(Tnum a) => Zero - a;

    public static Tnum operator &(Tnum a, Tnum b)
    {
        ulong value = a.Value & b.Value;
        return new(value, (a.Value | a.Mask) & (b.Value | b.Mask) & ~value);
    }

    public static Tnum operator |(Tnum a, Tnum b)
    {
        ulong value = a.Value | b.Value;
        return new(value, (a.Mask | b.Mask) & ~value);
    }

    public static Tnum operator ^(Tnum a, Tnum b)
    {
        ulong unknown = a.Mask | b.Mask;
        return new((a.Value ^ b.Value) & ~unknown, unknown);
    }

    /// <summary>
    /// Long multiplication: a known 1 in <paramref name="a"/> adds the shifted <paramref name="b"/>; an unknown bit joins the two sums
    /// with and without it.
    /// </summary>
    public static Tnum operator *(Tnum a, Tnum b)
    {
        Tnum sum = Zero;
        while ((a.Value | a.Mask) != 0)
        {
            if ((a.Value & 1) != 0)
                sum += b;
            else if ((a.Mask & 1) != 0)
                sum = Union(sum, sum + b);
            a = a.ShiftRight(1);
            b = b.ShiftLeft(1);
        }

        return sum;
    }

    /// <summary>Values of both. Where they contradict each other the result is arbitrary (a known 1), as in the kernel.</summary>
    public static Tnum Intersect(Tnum a, Tnum b)
    {
        ulong unknown = a.Mask & b.Mask;
        return new((a.Value | b.Value) & ~unknown, unknown);
    }

    /// <summary>Values of either: unknown where one is or where they differ.</summary>
    public static Tnum Union(Tnum a, Tnum b)
    {
        ulong unknown = (a.Value ^ b.Value) | a.Mask | b.Mask;
        return new(a.Value & b.Value & ~unknown, unknown);
    }

    /// <summary>True where some value may belong to both: no bit is known to differ.</summary>
    public static bool Overlap(Tnum a, Tnum b) => ((a.Value ^ b.Value) & ~a.Mask & ~b.Mask) == 0;

    /// <summary>True where every value of <paramref name="other"/> is also one of this (tnum_in).</summary>
    public bool Contains(Tnum other) => (other.Mask & ~Mask) == 0 && Value == (other.Value & ~Mask);

    /// <summary>True where <paramref name="value"/> is one of its values.</summary>
    public bool Contains(ulong value) => (value & ~Mask) == Value;

    /// <summary>The largest of its values; the smallest is <see cref="Value"/>.</summary>
    public ulong Max => Value | Mask;

    /// <summary>The smallest of its values above <paramref name="than"/>, or the largest of all where there is none (tnum_step).</summary>
    public ulong Next(ulong than)
    {
        if (than >= Max)
            return Max;
        if (than < Value)
            return Value;
        ulong wrong = (than ^ Value) & ~Mask;
        if (wrong == 0)
            return Value | (((than | ~Mask) + 1) & Mask);
        // Above the highest known bit that differs, unknown bits are as in the number; below they restart at 0.
        int bit = BitOperations.Log2(wrong);
        ulong below = (2UL << bit) - 1;
        return (Value >> bit & 1) != 0 ? Value | (than & Mask & ~below) : Value | (((than | ~Mask | below) + 1) & Mask);
    }

    /// <summary>The low <paramref name="size"/> bytes (1-7), the rest zero; 8 leaves it as it is.</summary>
    public Tnum Cast(int size)
    {
        if (size >= 8)
            return this;
        ulong keep = (1UL << (size * 8)) - 1;
        return new(Value & keep, Mask & keep);
    }

    /// <summary>The low 32 bits, the upper ones zero.</summary>
    public Tnum Subreg => new((uint)Value, (uint)Mask);

    /// <summary>The upper 32 bits, the low ones zero.</summary>
    public Tnum ClearSubreg => new(Value & ~0xffffffffUL, Mask & ~0xffffffffUL);

    /// <summary>The upper 32 bits of this with the low 32 bits of another.</summary>
    public Tnum WithSubreg(Tnum low) => ClearSubreg | low.Subreg;

    /// <summary>The upper 32 bits of this with a constant below.</summary>
    public Tnum WithConstSubreg(uint low) => WithSubreg(Const(low));

    /// <summary>True where every value is a multiple of <paramref name="size"/>, a power of two (or 0: always).</summary>
    public bool IsAligned(ulong size) => size == 0 || ((Value | Mask) & (size - 1)) == 0;

    /// <summary>The low 16 bits with their bytes swapped, the rest zero.</summary>
    public Tnum Swap16() => new(BinaryPrimitives.ReverseEndianness((ushort)Value), BinaryPrimitives.ReverseEndianness((ushort)Mask));

    /// <summary>The low 32 bits with their bytes swapped, the rest zero.</summary>
    public Tnum Swap32() => new(BinaryPrimitives.ReverseEndianness((uint)Value), BinaryPrimitives.ReverseEndianness((uint)Mask));

    public Tnum Swap64() => new(BinaryPrimitives.ReverseEndianness(Value), BinaryPrimitives.ReverseEndianness(Mask));

    /// <summary>As the kernel prints it: "(0x0; 0xff)".</summary>
    public override string ToString() => $"(0x{Value:x}; 0x{Mask:x})";
}
