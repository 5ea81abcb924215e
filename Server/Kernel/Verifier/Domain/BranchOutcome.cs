using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>What is known beforehand of a conditional jump.</summary>
public enum Branch
{
    Unknown = -1,
    NotTaken = 0,
    Taken = 1,
}

/// <summary>Whether a comparison of two scalars is decided by their bounds, as is_scalar_branch_taken in kernel/bpf/verifier.c (6.18).</summary>
public static class BranchOutcome
{
    /// <param name="op"><see cref="Op.Jeq"/>, <see cref="Op.Jset"/>, ... as in the instruction.</param>
    /// <param name="is32">Compares the low halves (class Jmp32).</param>
    public static Branch Decide(in Bounds a, in Bounds b, int op, bool is32)
    {
        ulong umin1 = is32 ? a.U32Min : a.UMin, umax1 = is32 ? a.U32Max : a.UMax;
        ulong umin2 = is32 ? b.U32Min : b.UMin, umax2 = is32 ? b.U32Max : b.UMax;
        long smin1 = is32 ? a.S32Min : a.SMin, smax1 = is32 ? a.S32Max : a.SMax;
        long smin2 = is32 ? b.S32Min : b.SMin, smax2 = is32 ? b.S32Max : b.SMax;
        return op switch
        {
            Op.Jeq => Equal(a, b, is32),
            Op.Jne => Not(Equal(a, b, is32)),
            Op.Jset => AnyBit(a, b, is32),
            Op.Jgt => Choose(umin1 > umax2, umax1 <= umin2),
            Op.Jge => Choose(umin1 >= umax2, umax1 < umin2),
            Op.Jlt => Choose(umax1 < umin2, umin1 >= umax2),
            Op.Jle => Choose(umax1 <= umin2, umin1 > umax2),
            Op.Jsgt => Choose(smin1 > smax2, smax1 <= smin2),
            Op.Jsge => Choose(smin1 >= smax2, smax1 < smin2),
            Op.Jslt => Choose(smax1 < smin2, smin1 >= smax2),
            Op.Jsle => Choose(smax1 <= smin2, smin1 > smax2),
            _ => Branch.Unknown,
        };
    }

    private static Branch Choose(bool taken, bool notTaken) => taken ? Branch.Taken : notTaken ? Branch.NotTaken : Branch.Unknown;

    private static Branch Not(Branch branch) => branch switch { Branch.Taken => Branch.NotTaken, Branch.NotTaken => Branch.Taken, _ => branch };

    private static Branch Equal(in Bounds a, in Bounds b, bool is32)
    {
        Tnum t1 = is32 ? a.Tnum.Subreg : a.Tnum, t2 = is32 ? b.Tnum.Subreg : b.Tnum;
        if (t1.IsConst && t2.IsConst)
            return t1.Value == t2.Value ? Branch.Taken : Branch.NotTaken;
        if (!Tnum.Overlap(t1, t2))
            return Branch.NotTaken;
        if (!is32 && (a.UMin > b.UMax || a.UMax < b.UMin || a.SMin > b.SMax || a.SMax < b.SMin))
            return Branch.NotTaken;
        // Low halves that cannot be equal decide at 64 bits as well.
        return a.U32Min > b.U32Max || a.U32Max < b.U32Min || a.S32Min > b.S32Max || a.S32Max < b.S32Min ? Branch.NotTaken : Branch.Unknown;
    }

    private static Branch AnyBit(in Bounds a, in Bounds b, bool is32)
    {
        Tnum value = is32 ? a.Tnum.Subreg : a.Tnum, bits = is32 ? b.Tnum.Subreg : b.Tnum;
        if (!bits.IsConst)
            (value, bits) = (bits, value);
        if (!bits.IsConst)
            return Branch.Unknown;
        if ((value.Value & ~value.Mask & bits.Value) != 0)
            return Branch.Taken;
        return ((value.Value | value.Mask) & bits.Value) == 0 ? Branch.NotTaken : Branch.Unknown;
    }
}
