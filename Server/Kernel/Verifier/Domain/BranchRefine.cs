using System.Numerics;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Domain;

/// <summary>
/// What a comparison that held teaches of both operands, as regs_refine_cond_op and reg_set_min_max in kernel/bpf/verifier.c (6.18). The two
/// operands may be the same variable. Callers sync afterwards (or use <see cref="Apply"/>) and then look at <see cref="Bounds.Sanity"/>.
/// </summary>
public static class BranchRefine
{
    /// <summary>The opposite of jset ("no bit is set"), which no instruction has.</summary>
    public const int NotJset = Op.Jset | Op.X;

    /// <summary>The comparison that holds where <paramref name="op"/> does not (rev_opcode).</summary>
    public static int Opposite(int op) => op switch
    {
        Op.Jeq => Op.Jne,
        Op.Jne => Op.Jeq,
        Op.Jset => NotJset,
        NotJset => Op.Jset,
        Op.Jge => Op.Jlt,
        Op.Jgt => Op.Jle,
        Op.Jle => Op.Jgt,
        Op.Jlt => Op.Jge,
        Op.Jsge => Op.Jslt,
        Op.Jsgt => Op.Jsle,
        Op.Jsle => Op.Jsgt,
        Op.Jslt => Op.Jsge,
        _ => 0,
    };

    /// <summary>The comparison with its operands exchanged (flip_opcode).</summary>
    public static int Flip(int op) => op switch
    {
        Op.Jge => Op.Jle,
        Op.Jgt => Op.Jlt,
        Op.Jle => Op.Jge,
        Op.Jlt => Op.Jgt,
        Op.Jsge => Op.Jsle,
        Op.Jsgt => Op.Jslt,
        Op.Jsle => Op.Jsge,
        Op.Jslt => Op.Jsgt,
        _ => op,
    };

    /// <summary>Refines both operands by <c>a op b</c> and syncs them.</summary>
    public static void Apply(ref Bounds a, ref Bounds b, int op, bool is32)
    {
        Refine(ref a, ref b, op, is32);
        a.Sync();
        b.Sync();
    }

    /// <summary>Refines both operands by <c>a op b</c>, which is known to hold; no sync.</summary>
    public static void Refine(ref Bounds a, ref Bounds b, int op, bool is32)
    {
        switch (op)
        {
            case Op.Jge or Op.Jgt or Op.Jsge or Op.Jsgt:
                Less(ref b, ref a, Flip(op), is32);
                break;
            case Op.Jle or Op.Jlt or Op.Jsle or Op.Jslt:
                Less(ref a, ref b, op, is32);
                break;
            case Op.Jeq:
                Equal(ref a, ref b, is32);
                break;
            case Op.Jne or Op.Jset or NotJset:
                // These learn something of one operand where the other is a constant.
                if (b.IsConstAt(is32))
                    AgainstConst(ref a, b.ConstValue(is32), op, is32);
                else if (a.IsConstAt(is32))
                    AgainstConst(ref b, a.ConstValue(is32), op, is32);
                break;
        }
    }

    private static void Equal(ref Bounds a, ref Bounds b, bool is32)
    {
        if (is32)
        {
            a.U32Min = b.U32Min = Math.Max(a.U32Min, b.U32Min);
            a.U32Max = b.U32Max = Math.Min(a.U32Max, b.U32Max);
            a.S32Min = b.S32Min = Math.Max(a.S32Min, b.S32Min);
            a.S32Max = b.S32Max = Math.Min(a.S32Max, b.S32Max);
            Tnum low = Tnum.Intersect(a.Tnum.Subreg, b.Tnum.Subreg);
            a.Tnum = a.Tnum.WithSubreg(low);
            b.Tnum = b.Tnum.WithSubreg(low);
            return;
        }

        a.UMin = b.UMin = Math.Max(a.UMin, b.UMin);
        a.UMax = b.UMax = Math.Min(a.UMax, b.UMax);
        a.SMin = b.SMin = Math.Max(a.SMin, b.SMin);
        a.SMax = b.SMax = Math.Min(a.SMax, b.SMax);
        a.Tnum = b.Tnum = Tnum.Intersect(a.Tnum, b.Tnum);
    }

    private static void AgainstConst(ref Bounds a, ulong value, int op, bool is32)
    {
        switch (op)
        {
            case Op.Jne when is32:
                // A range loses its end where the constant is that end. Wrapping cannot happen: the jump would have been decided.
                a.U32Min += a.U32Min == (uint)value ? 1u : 0u;
                a.U32Max -= a.U32Max == (uint)value ? 1u : 0u;
                a.S32Min = unchecked(a.S32Min + (a.S32Min == (int)value ? 1 : 0));
                a.S32Max = unchecked(a.S32Max - (a.S32Max == (int)value ? 1 : 0));
                break;
            case Op.Jne:
                a.UMin += a.UMin == value ? 1u : 0u;
                a.UMax -= a.UMax == value ? 1u : 0u;
                a.SMin = unchecked(a.SMin + (a.SMin == (long)value ? 1 : 0));
                a.SMax = unchecked(a.SMax - (a.SMax == (long)value ? 1 : 0));
                break;
            case Op.Jset:
                if (!BitOperations.IsPow2(value))
                    break;
                a.Tnum = is32 ? a.Tnum.WithSubreg(a.Tnum.Subreg | Tnum.Const(value)) : a.Tnum | Tnum.Const(value);
                break;
            default:
                // On a dead branch the ranges could contradict the narrower tnum, so they are forgotten first.
                a.SetUnbounded();
                a.Tnum = is32 ? a.Tnum.WithSubreg(a.Tnum.Subreg & Tnum.Const(~value)) : a.Tnum & Tnum.Const(~value);
                break;
        }
    }

    private static void Less(ref Bounds a, ref Bounds b, int op, bool is32)
    {
        switch (op)
        {
            case Op.Jle when is32:
                a.U32Max = Math.Min(a.U32Max, b.U32Max);
                b.U32Min = Math.Max(a.U32Min, b.U32Min);
                break;
            case Op.Jle:
                a.UMax = Math.Min(a.UMax, b.UMax);
                b.UMin = Math.Max(a.UMin, b.UMin);
                break;
            case Op.Jlt when is32:
                a.U32Max = Math.Min(a.U32Max, unchecked(b.U32Max - 1));
                b.U32Min = Math.Max(unchecked(a.U32Min + 1), b.U32Min);
                break;
            case Op.Jlt:
                a.UMax = Math.Min(a.UMax, unchecked(b.UMax - 1));
                b.UMin = Math.Max(unchecked(a.UMin + 1), b.UMin);
                break;
            case Op.Jsle when is32:
                a.S32Max = Math.Min(a.S32Max, b.S32Max);
                b.S32Min = Math.Max(a.S32Min, b.S32Min);
                break;
            case Op.Jsle:
                a.SMax = Math.Min(a.SMax, b.SMax);
                b.SMin = Math.Max(a.SMin, b.SMin);
                break;
            case Op.Jslt when is32:
                a.S32Max = Math.Min(a.S32Max, unchecked(b.S32Max - 1));
                b.S32Min = Math.Max(unchecked(a.S32Min + 1), b.S32Min);
                break;
            case Op.Jslt:
                a.SMax = Math.Min(a.SMax, unchecked(b.SMax - 1));
                b.SMin = Math.Max(unchecked(a.SMin + 1), b.SMin);
                break;
        }
    }
}
