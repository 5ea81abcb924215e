using System.Buffers.Binary;
using WebBpf.Kernel.Verifier.Domain;
using Xunit;

namespace WebBpf.Tests.Kernel.Domain;

/// <summary>Every operation holds every concrete result, for all tnums of four bits (and for multiplication also at the top end).</summary>
public sealed class TnumTests
{
    private const int Bits = 4;

    private static IEnumerable<Tnum> All()
    {
        for (ulong mask = 0; mask < 1 << Bits; mask++)
        {
            for (ulong value = 0; value < 1 << Bits; value++)
            {
                if ((value & mask) == 0)
                    yield return new Tnum(value, mask);
            }
        }
    }

    private static IEnumerable<ulong> Members(Tnum t)
    {
        ulong part = t.Mask;
        while (true)
        {
            yield return t.Value | part;
            if (part == 0)
                yield break;
            part = (part - 1) & t.Mask;
        }
    }

    private static void Binary(Func<Tnum, Tnum, Tnum> operation, Func<ulong, ulong, ulong> concrete)
    {
        Tnum[] all = [.. All()];
        foreach (Tnum a in all)
        {
            foreach (Tnum b in all)
            {
                Tnum result = operation(a, b);
                Assert.Equal(0UL, result.Value & result.Mask);
                foreach (ulong x in Members(a))
                {
                    foreach (ulong y in Members(b))
                        Assert.True(result.Contains(concrete(x, y)), $"{a} {b} -> {result} misses {concrete(x, y):x}");
                }
            }
        }
    }

    [Fact]
    public void Addition_holds_every_sum() => Binary((a, b) => a + b, (x, y) => x + y);

    [Fact]
    public void Subtraction_holds_every_difference() => Binary((a, b) => a - b, (x, y) => x - y);

    [Fact]
    public void Multiplication_holds_every_product() => Binary((a, b) => a * b, (x, y) => x * y);

    [Fact]
    public void Multiplication_at_the_top_end_holds_every_product() =>
        Binary((a, b) => a.ShiftLeft(60) * b.ShiftLeft(1), (x, y) => (x << 60) * (y << 1));

    [Fact]
    public void Bitwise_operations_hold_every_result()
    {
        Binary((a, b) => a & b, (x, y) => x & y);
        Binary((a, b) => a | b, (x, y) => x | y);
        Binary((a, b) => a ^ b, (x, y) => x ^ y);
    }

    [Fact]
    public void Union_holds_both_sides()
    {
        Binary(Tnum.Union, (x, _) => x);
        Binary(Tnum.Union, (_, y) => y);
    }

    [Fact]
    public void Bitwise_and_additive_operations_are_exact_hulls()
    {
        foreach (Tnum a in All())
        {
            foreach (Tnum b in All())
            {
                ulong ones = ulong.MaxValue, zeros = ulong.MaxValue;
                foreach (ulong x in Members(a))
                {
                    foreach (ulong y in Members(b))
                    {
                        ones &= x + y;
                        zeros &= ~(x + y);
                    }
                }

                Assert.Equal(new Tnum(ones, ~(ones | zeros)), a + b);
            }
        }
    }

    [Fact]
    public void Negation_holds_every_result()
    {
        foreach (Tnum a in All())
            Assert.All(Members(a), x => Assert.True((-a).Contains(0 - x)));
    }

    [Fact]
    public void Intersection_holds_the_common_values_and_overlap_tells_whether_there_are_any()
    {
        foreach (Tnum a in All())
        {
            foreach (Tnum b in All())
            {
                ulong[] common = [.. Members(a).Intersect(Members(b))];
                Assert.Equal(common.Length > 0, Tnum.Overlap(a, b));
                if (common.Length > 0)
                    Assert.Equal(common.Order(), Members(Tnum.Intersect(a, b)).Order());
            }
        }
    }

    [Fact]
    public void Containment_is_the_subset_relation()
    {
        foreach (Tnum a in All())
        {
            foreach (Tnum b in All())
                Assert.Equal(!Members(b).Except(Members(a)).Any(), a.Contains(b));
        }
    }

    [Fact]
    public void A_range_holds_its_values_and_is_the_smallest_such_tnum()
    {
        for (ulong min = 0; min < 32; min++)
        {
            for (ulong max = min; max < 32; max++)
            {
                Tnum range = Tnum.Range(min, max);
                for (ulong value = min; value <= max; value++)
                    Assert.True(range.Contains(value));
                Assert.True(min == max ? range.IsConst : (range.Mask & (min ^ max)) != 0);
            }
        }

        Assert.Equal(Tnum.Unknown, Tnum.Range(0, ulong.MaxValue));
        Assert.Equal(Tnum.Unknown, Tnum.Range(1, 1UL << 63));
    }

    [Fact]
    public void Shifts_hold_every_result_at_both_widths()
    {
        foreach (Tnum small in All())
        {
            foreach (int at in (int[])[0, 28, 60])
            {
                Tnum a = small.ShiftLeft(at);
                for (int shift = 0; shift < 32; shift++)
                {
                    foreach (ulong x in Members(a))
                    {
                        Assert.True(a.ShiftLeft(shift).Contains(x << shift));
                        Assert.True(a.ShiftRight(shift).Contains(x >> shift));
                        Assert.True(a.ShiftRightArithmetic(shift, 64).Contains((ulong)((long)x >> shift)));
                        Assert.True(a.Subreg.ShiftRightArithmetic(shift, 32).Contains((uint)((int)x >> shift)));
                    }
                }
            }
        }
    }

    [Fact]
    public void Byte_swaps_and_casts_hold_every_result()
    {
        foreach (Tnum small in All())
        {
            Tnum a = new Tnum(0x1122334455667700, 0).WithSubreg(small.ShiftLeft(6)) | small.ShiftLeft(40);
            foreach (ulong x in Members(a))
            {
                Assert.True(a.Swap16().Contains(BinaryPrimitives.ReverseEndianness((ushort)x)));
                Assert.True(a.Swap32().Contains(BinaryPrimitives.ReverseEndianness((uint)x)));
                Assert.True(a.Swap64().Contains(BinaryPrimitives.ReverseEndianness(x)));
                Assert.True(a.Cast(1).Contains((byte)x));
                Assert.True(a.Cast(2).Contains((ushort)x));
                Assert.True(a.Subreg.Contains((uint)x));
                Assert.True(a.ClearSubreg.Contains(x >> 32 << 32));
                Assert.True(a.WithConstSubreg(7).Contains((x >> 32 << 32) | 7));
            }
        }
    }

    [Fact]
    public void The_next_value_is_the_smallest_above()
    {
        foreach (Tnum a in All())
        {
            for (ulong z = 0; z < 20; z++)
            {
                ulong[] above = [.. Members(a).Where(m => m > z)];
                Assert.Equal(above.Length > 0 ? above.Min() : a.Max, a.Next(z));
                Tnum top = a.ShiftLeft(60);
                Assert.Equal(above.Length > 0 ? above.Min() << 60 : top.Max, z < 16 ? top.Next(z << 60) : top.Max);
            }
        }
    }

    [Fact]
    public void Alignment_looks_at_known_and_unknown_bits()
    {
        Assert.True(new Tnum(8, 0x10).IsAligned(8));
        Assert.False(new Tnum(8, 4).IsAligned(8));
        Assert.False(new Tnum(4, 0).IsAligned(8));
        Assert.True(new Tnum(3, 0).IsAligned(0));
    }
}
