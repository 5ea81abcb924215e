namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// A tristate number: bits set in <see cref="Mask"/> are unknown, the others are as in <see cref="Value"/> (which is 0 where the mask is 1).
/// As struct tnum in kernel/bpf/tnum.c.
/// </summary>
public readonly record struct Tnum(ulong Value, ulong Mask)
{
    public static readonly Tnum Unknown = new(0, ulong.MaxValue);

    public static Tnum Const(ulong value) => new(value, 0);

    public bool IsConst => Mask == 0;

    public bool IsUnknown => ~Mask == 0;
}
