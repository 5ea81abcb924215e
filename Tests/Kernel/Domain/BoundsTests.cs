using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.Domain;
using Xunit;

namespace WebBpf.Tests.Kernel.Domain;

/// <summary>
/// Soundness of the ranges: bounds are built as the hull of concrete values, so every result of an operation on those values
/// must fit the bounds that the domain works out.
/// </summary>
public sealed class BoundsTests
{
    private static readonly int[] Arithmetic = [Op.Add, Op.Sub, Op.Mul, Op.And, Op.Or, Op.Xor, Op.Lsh, Op.Rsh, Op.Arsh, Op.Neg, Op.Div, Op.Mod];

    private static readonly int[] Comparisons =
        [Op.Jeq, Op.Jne, Op.Jset, Op.Jgt, Op.Jge, Op.Jlt, Op.Jle, Op.Jsgt, Op.Jsge, Op.Jslt, Op.Jsle];

    private static readonly ulong[] Corners =
    [
        0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x17fffffff,
        0x180000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff,
    ];

    [Fact]
    public void Arithmetic_on_small_ranges_holds_every_result()
    {
        // All ranges inside 0..6, moved to places where 32 and 64 bits wrap around.
        ulong[] places = [0, 0x7ffffffd, 0xfffffffd, 0x7ffffffffffffffd, 0xfffffffffffffffd];
        foreach (ulong place in places)
        {
            foreach ((ulong[] left, ulong[] right) in Pairs(place))
            {
                foreach (int op in Arithmetic)
                {
                    Check(left, right, op, false);
                    Check(left, right, op, true);
                }
            }
        }
    }

    [Fact]
    public void Arithmetic_on_random_sets_holds_every_result()
    {
        var random = new Random(1);
        for (int i = 0; i < 60_000; i++)
        {
            int op = Arithmetic[random.Next(Arithmetic.Length)];
            bool shift = op is Op.Lsh or Op.Rsh or Op.Arsh;
            bool is32 = random.Next(2) == 0;
            ulong[] right = shift ? [(ulong)random.Next(is32 ? 32 : 64)] : Values(random);
            Check(Values(random), right, op, is32);
        }
    }

    [Fact]
    public void Comparisons_are_decided_only_when_all_values_agree_and_refined_to_those_that_hold()
    {
        var random = new Random(2);
        for (int i = 0; i < 60_000; i++)
        {
            ulong[] left = Values(random), right = Values(random);
            if (random.Next(3) == 0)
                right = [right[0]];
            if (random.Next(4) == 0)
                right = left;
            CheckBranch(left, right, Comparisons[random.Next(Comparisons.Length)], random.Next(2) == 0);
        }
    }

    [Fact]
    public void Comparisons_of_small_ranges_are_sound()
    {
        foreach (ulong place in (ulong[])[0, 0x7ffffffd, 0xfffffffd, 0x7ffffffffffffffd, 0xfffffffffffffffd])
        {
            foreach ((ulong[] left, ulong[] right) in Pairs(place))
            {
                foreach (int op in Comparisons)
                {
                    CheckBranch(left, right, op, false);
                    CheckBranch(left, right, op, true);
                }
            }
        }
    }

    [Fact]
    public void Changes_of_width_hold_every_result()
    {
        var random = new Random(3);
        for (int i = 0; i < 30_000; i++)
        {
            ulong[] values = Values(random);
            foreach (int size in (int[])[1, 2, 4])
            {
                Bounds truncated = Hull(values), signed = truncated, low = truncated;
                BoundsWidth.Truncate(ref truncated, size);
                BoundsWidth.SignExtend64(ref signed, size);
                foreach (ulong value in values)
                {
                    Assert.True(truncated.Contains(value & ((1UL << (size * 8)) - 1)));
                    Assert.True(signed.Contains((ulong)Extend(value, size)));
                }

                if (size == 4)
                    continue;
                BoundsWidth.SignExtend32(ref low, size);
                BoundsWidth.ZeroExtend32(ref low);
                low.Sync();
                foreach (ulong value in values)
                    Assert.True(low.Contains((uint)Extend(value, size)));
            }
        }
    }

    [Fact]
    public void Sync_tightens_from_every_view()
    {
        Bounds b = Bounds.Unknown;
        b.UMax = 0xff;
        b.Sync();
        Assert.Equal(new Tnum(0, 0xff), b.Tnum);
        Assert.Equal((0L, 0xffL, 0, 0xff), (b.SMin, b.SMax, b.S32Min, b.S32Max));

        b = Bounds.Unknown;
        b.SMin = int.MinValue;
        b.SMax = int.MaxValue;
        b.S32Min = 0;
        b.Sync();
        Assert.Equal((0UL, 0x7fffffffUL), (b.UMin, b.UMax));
    }

    [Fact]
    public void Sync_uses_the_end_of_a_signed_range_that_the_unsigned_one_meets()
    {
        Bounds b = Bounds.Unknown;
        b.SMin = -100;
        b.SMax = 50;
        b.UMin = 10;
        b.UMax = 1000;
        b.Sync();
        Assert.Equal((10L, 50L, 10UL, 50UL), (b.SMin, b.SMax, b.UMin, b.UMax));

        b = Bounds.Unknown;
        b.SMin = -100;
        b.SMax = 50;
        b.UMin = 1000;
        b.Sync();
        Assert.Equal((-100L, -1L), (b.SMin, b.SMax));
        Assert.Equal(unchecked((ulong)-100), b.UMin);
    }

    [Fact]
    public void Contradictions_are_named()
    {
        Bounds b = Bounds.Known(5);
        Assert.Null(b.Sanity());
        b.UMin = 6;
        Assert.Equal("range bounds violation", b.Sanity());
        b.UMin = 4;
        Assert.Equal("const tnum out of sync with range bounds", b.Sanity());
        b = Bounds.Unknown;
        b.Tnum = new Tnum(5, 0xffffffff00000000);
        Assert.Equal("const subreg tnum out of sync with range bounds", b.Sanity());
    }

    [Fact]
    public void What_is_not_followed_becomes_unknown()
    {
        Bounds b = Bounds.Known(8);
        ScalarAlu.Apply(ref b, Bounds.Known(64), Op.Lsh, false);
        Assert.Equal(Bounds.Unknown, b);
        b = Bounds.Known(8);
        ScalarAlu.Apply(ref b, Bounds.Known(2), Op.Div, true);
        Assert.Equal(Bounds.Unknown, b);
    }

    private static IEnumerable<(ulong[] Left, ulong[] Right)> Pairs(ulong place)
    {
        for (ulong a = 0; a < 7; a++)
        {
            for (ulong b = a; b < 7; b++)
            {
                ulong[] left = Span(place + a, b - a);
                for (ulong c = 0; c < 7; c++)
                {
                    for (ulong d = c; d < 7; d++)
                    {
                        yield return (left, Span(c, d - c));
                        if (place != 0)
                            yield return (left, Span(place + c, d - c));
                    }
                }
            }
        }
    }

    private static ulong[] Span(ulong first, ulong more)
    {
        var values = new ulong[more + 1];
        for (ulong i = 0; i <= more; i++)
            values[i] = unchecked(first + i);
        return values;
    }

    private static ulong[] Values(Random random)
    {
        var values = new ulong[random.Next(1, 6)];
        ulong start = random.Next(2) == 0 ? Corners[random.Next(Corners.Length)] : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        int way = random.Next(4);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = way switch
            {
                0 => Corners[random.Next(Corners.Length)],
                1 => start + (ulong)random.Next(-100, 100),
                2 => start ^ (ulong)random.NextInt64(long.MaxValue) >> random.Next(64),
                _ => start & ~(ulong)random.NextInt64(long.MaxValue) << random.Next(64),
            };
        }

        return values;
    }

    private static Bounds Hull(ulong[] values)
    {
        Bounds hull = Bounds.Known(values[0]);
        foreach (ulong value in values)
        {
            hull.Tnum = Tnum.Union(hull.Tnum, Tnum.Const(value));
            (hull.UMin, hull.UMax) = (Math.Min(hull.UMin, value), Math.Max(hull.UMax, value));
            (hull.SMin, hull.SMax) = (Math.Min(hull.SMin, (long)value), Math.Max(hull.SMax, (long)value));
            (hull.U32Min, hull.U32Max) = (Math.Min(hull.U32Min, (uint)value), Math.Max(hull.U32Max, (uint)value));
            (hull.S32Min, hull.S32Max) = (Math.Min(hull.S32Min, (int)value), Math.Max(hull.S32Max, (int)value));
        }

        Bounds synced = hull;
        synced.Sync();
        foreach (ulong value in values)
            Assert.True(synced.Contains(value), $"sync loses {value:x}");
        return synced;
    }

    private static void Check(ulong[] left, ulong[] right, int op, bool is32)
    {
        Bounds result = Hull(left);
        ScalarAlu.Apply(ref result, Hull(right), op, is32);
        Assert.Null(result.Sanity());
        foreach (ulong x in left)
        {
            foreach (ulong y in right)
            {
                ulong value = Run(x, y, op, is32);
                Assert.True(result.Contains(value), $"{x:x} op {op:x} {y:x} (32: {is32}) = {value:x}");
            }
        }
    }

    private static void CheckBranch(ulong[] left, ulong[] right, int op, bool is32)
    {
        Bounds a = Hull(left), b = Hull(right);
        Branch decided = BranchOutcome.Decide(a, b, op, is32);
        Bounds a1 = a, b1 = b, a0 = a, b0 = b;
        if (decided == Branch.Unknown)
        {
            BranchRefine.Apply(ref a1, ref b1, op, is32);
            BranchRefine.Apply(ref a0, ref b0, BranchRefine.Opposite(op), is32);
        }

        foreach (ulong x in left)
        {
            foreach (ulong y in right)
            {
                bool holds = Compare(x, y, op, is32);
                if (decided != Branch.Unknown)
                    Assert.Equal(decided == Branch.Taken, holds);
                else if (holds)
                    Assert.True(a1.Contains(x) && b1.Contains(y), $"{x:x} op {op:x} {y:x} (32: {is32}) lost where it holds");
                else
                    Assert.True(a0.Contains(x) && b0.Contains(y), $"{x:x} op {op:x} {y:x} (32: {is32}) lost where it does not hold");
            }
        }
    }

    private static long Extend(ulong value, int size) => size switch { 1 => (sbyte)value, 2 => (short)value, _ => (int)value };

    private static ulong Run(ulong x, ulong y, int op, bool is32)
    {
        if (is32)
        {
            uint a = (uint)x, b = (uint)y;
            return op switch
            {
                Op.Add => a + b,
                Op.Sub => a - b,
                Op.Mul => a * b,
                Op.And => a & b,
                Op.Or => a | b,
                Op.Xor => a ^ b,
                Op.Neg => 0 - a,
                Op.Lsh => a << (int)(b & 31),
                Op.Rsh => a >> (int)(b & 31),
                Op.Arsh => (uint)((int)a >> (int)(b & 31)),
                Op.Div => b == 0 ? 0 : a / b,
                _ => b == 0 ? a : a % b,
            };
        }

        return op switch
        {
            Op.Add => x + y,
            Op.Sub => x - y,
            Op.Mul => x * y,
            Op.And => x & y,
            Op.Or => x | y,
            Op.Xor => x ^ y,
            Op.Neg => 0 - x,
            Op.Lsh => x << (int)(y & 63),
            Op.Rsh => x >> (int)(y & 63),
            Op.Arsh => (ulong)((long)x >> (int)(y & 63)),
            Op.Div => y == 0 ? 0 : x / y,
            _ => y == 0 ? x : x % y,
        };
    }

    private static bool Compare(ulong x, ulong y, int op, bool is32)
    {
        if (is32)
        {
            (x, y) = ((uint)x, (uint)y);
        }

        long sx = is32 ? (int)x : (long)x, sy = is32 ? (int)y : (long)y;
        return op switch
        {
            Op.Jeq => x == y,
            Op.Jne => x != y,
            Op.Jset => (x & y) != 0,
            Op.Jgt => x > y,
            Op.Jge => x >= y,
            Op.Jlt => x < y,
            Op.Jle => x <= y,
            Op.Jsgt => sx > sy,
            Op.Jsge => sx >= sy,
            Op.Jslt => sx < sy,
            _ => sx <= sy,
        };
    }
}
