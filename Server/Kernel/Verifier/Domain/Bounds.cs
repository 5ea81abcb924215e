namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// What is known of a 64-bit value: a tnum and signed and unsigned ranges of the whole and of its low 32 bits, as the
/// corresponding fields of struct bpf_reg_state. A mutable struct: registers embed it and operations change it in place.
/// The views tell each other what they know in <see cref="BoundsSync"/>.
/// </summary>
public struct Bounds : IEquatable<Bounds>
{
    public Tnum Tnum;
    public long SMin;
    public long SMax;
    public ulong UMin;
    public ulong UMax;
    public int S32Min;
    public int S32Max;
    public uint U32Min;
    public uint U32Max;

    /// <summary>Any value.</summary>
    public static Bounds Unknown
    {
        get
        {
            Bounds bounds = default;
            bounds.SetUnknown();
            return bounds;
        }
    }

    /// <summary>Exactly 0.</summary>
    public static Bounds Zero => default;

    public static Bounds Known(ulong value)
    {
        Bounds bounds = default;
        bounds.SetKnown(value);
        return bounds;
    }

    /// <summary>One value (tnum_is_const of var_off, or of its low half).</summary>
    public readonly bool IsConst => Tnum.IsConst;

    public readonly bool IsConst32 => Tnum.IsSubregConst;

    /// <summary>is_reg_const: one value at the width of the comparison.</summary>
    public readonly bool IsConstAt(bool is32) => is32 ? Tnum.IsSubregConst : Tnum.IsConst;

    /// <summary>The value of a constant at that width (reg_const_value); meaningless for anything else.</summary>
    public readonly ulong ConstValue(bool is32) => is32 ? (uint)Tnum.Value : Tnum.Value;

    /// <summary>Exactly this value, in every view (___mark_reg_known).</summary>
    public void SetKnown(ulong value)
    {
        Tnum = Tnum.Const(value);
        SMin = SMax = (long)value;
        UMin = UMax = value;
        S32Min = S32Max = (int)value;
        U32Min = U32Max = (uint)value;
    }

    /// <summary>The low half is this value; the upper half keeps what the tnum knows (__mark_reg32_known).</summary>
    public void SetKnown32(uint value)
    {
        Tnum = Tnum.WithConstSubreg(value);
        S32Min = S32Max = (int)value;
        U32Min = U32Max = value;
    }

    public void SetUnknown()
    {
        Tnum = Tnum.Unknown;
        SetUnbounded();
    }

    /// <summary>All ranges full; the tnum stays (__mark_reg_unbounded).</summary>
    public void SetUnbounded()
    {
        SetUnbounded64();
        SetUnbounded32();
    }

    public void SetUnbounded64()
    {
        SMin = long.MinValue;
        SMax = long.MaxValue;
        UMin = 0;
        UMax = ulong.MaxValue;
    }

    public void SetUnbounded32()
    {
        S32Min = int.MinValue;
        S32Max = int.MaxValue;
        U32Min = 0;
        U32Max = uint.MaxValue;
    }

    /// <summary>Lets each view learn from the others (reg_bounds_sync).</summary>
    public void Sync() => BoundsSync.Sync(ref this);

    /// <summary>
    /// What contradicts itself, in the words of reg_bounds_sanity_check, or null. A violation is a bug of ours or a branch that
    /// cannot be taken: the caller then calls <see cref="SetUnbounded"/> (or fails under BPF_F_TEST_REG_INVARIANTS).
    /// </summary>
    public readonly string? Sanity()
    {
        if (UMin > UMax || SMin > SMax || U32Min > U32Max || S32Min > S32Max)
            return "range bounds violation";
        if (Tnum.IsConst)
        {
            ulong value = Tnum.Value;
            if (UMin != value || UMax != value || SMin != (long)value || SMax != (long)value)
                return "const tnum out of sync with range bounds";
        }

        if (Tnum.IsSubregConst)
        {
            uint value = (uint)Tnum.Value;
            if (U32Min != value || U32Max != value || S32Min != (int)value || S32Max != (int)value)
                return "const subreg tnum out of sync with range bounds";
        }

        return null;
    }

    /// <summary>The message that reg_bounds_sanity_check gives for a violation found by <see cref="Sanity"/> (no newline).</summary>
    public readonly string SanityMessage(string where, string what) =>
        $"REG INVARIANTS VIOLATION ({where}): {what} u64=[{Hex(UMin)}, {Hex(UMax)}] s64=[{Hex((ulong)SMin)}, {Hex((ulong)SMax)}] " +
        $"u32=[{Hex(U32Min)}, {Hex(U32Max)}] s32=[{Hex((uint)S32Min)}, {Hex((uint)S32Max)}] var_off=({Hex(Tnum.Value)}, {Hex(Tnum.Mask)})";

    /// <summary>True where every value of <paramref name="other"/> is allowed here (range_within): pruning asks the old state so.</summary>
    public readonly bool RangeContains(in Bounds other) =>
        UMin <= other.UMin && UMax >= other.UMax && SMin <= other.SMin && SMax >= other.SMax
        && U32Min <= other.U32Min && U32Max >= other.U32Max && S32Min <= other.S32Min && S32Max >= other.S32Max;

    /// <summary>True where the concrete value fits every view; for tests.</summary>
    public readonly bool Contains(ulong value) =>
        Tnum.Contains(value) && UMin <= value && value <= UMax && SMin <= (long)value && (long)value <= SMax
        && U32Min <= (uint)value && (uint)value <= U32Max && S32Min <= (int)value && (int)value <= S32Max;

    public readonly bool Equals(Bounds other) =>
        Tnum == other.Tnum && SMin == other.SMin && SMax == other.SMax && UMin == other.UMin && UMax == other.UMax
        && S32Min == other.S32Min && S32Max == other.S32Max && U32Min == other.U32Min && U32Max == other.U32Max;

    public override readonly bool Equals(object? obj) => obj is Bounds other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(Tnum, SMin, SMax, UMin, UMax);

    // %#llx of the kernel has the prefix for 0 too.
    private static string Hex(ulong value) => $"0x{value:x}";
}
