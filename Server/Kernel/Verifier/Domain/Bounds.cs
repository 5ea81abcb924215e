namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// What is known of a 64-bit value: a tnum and signed and unsigned ranges of the whole and of its low 32 bits, as the
/// corresponding fields of struct bpf_reg_state. A mutable struct: registers embed it and operations change it in place.
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

    public readonly bool Equals(Bounds other) =>
        Tnum == other.Tnum && SMin == other.SMin && SMax == other.SMax && UMin == other.UMin && UMax == other.UMax
        && S32Min == other.S32Min && S32Max == other.S32Max && U32Min == other.U32Min && U32Max == other.U32Max;

    public override readonly bool Equals(object? obj) => obj is Bounds other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(Tnum, SMin, SMax, UMin, UMax);
}
