using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Access;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Arithmetic instructions: reserved fields, moves, scalars (check_alu_op, adjust_reg_min_max_vals).</summary>
internal static class Alu
{
    private const int AddressSpaceCast = 1;

    public static int Check(Walker w, Insn insn)
    {
        int code = Op.Code(insn.Code);
        int error = code switch
        {
            Op.End or Op.Neg => Unary(w, insn, code),
            Op.Mov => Move(w, insn),
            > Op.End => Unknown(w, code),
            _ => Binary(w, insn, code),
        };
        return error != 0 ? error : Sane(w, ref w.Regs[insn.Dst], "alu");
    }

    /// <summary>Bounds that contradict each other are given up, or refused under BPF_F_TEST_REG_INVARIANTS (reg_bounds_sanity_check).</summary>
    public static int Sane(Walker w, ref RegState reg, string where)
    {
        if (reg.Bounds.Sanity() is not { } what)
            return 0;
        w.Log.Write(reg.Bounds.SanityMessage(where, what) + "\n");
        if (w.TestRegInvariants)
            return -Errno.EFAULT;
        reg.Bounds.SetUnbounded();
        return 0;
    }

    private static int Unknown(Walker w, int code) => Refuse(w, $"invalid BPF_ALU opcode {code:x}\n");

    private static int Refuse(Walker w, string message, int error = -Errno.EINVAL)
    {
        w.Log.Write(message);
        return error;
    }

    private static int Unary(Walker w, Insn insn, int code)
    {
        if (code == Op.Neg)
        {
            if (Op.Source(insn.Code) != Op.K || insn.Src != 0 || insn.Off != 0 || insn.Imm != 0)
                return Refuse(w, "BPF_NEG uses reserved fields\n");
        }
        else if (insn.Src != 0 || insn.Off != 0 || insn.Imm is not (16 or 32 or 64) || (insn.Class == Op.Alu64 && Op.Source(insn.Code) != Op.ToLe))
        {
            return Refuse(w, "BPF_END uses reserved fields\n");
        }

        int error = w.CheckReg(insn.Dst, RegUse.Source);
        if (error != 0)
            return error;
        if (w.IsPointer(insn.Dst))
            return Refuse(w, $"R{insn.Dst} pointer arithmetic prohibited\n", -Errno.EACCES);
        if (w.Regs[insn.Dst].Type != RegType.Scalar)
            return w.CheckReg(insn.Dst, RegUse.Destination);
        error = w.CheckReg(insn.Dst, RegUse.DestinationNoMark);
        if (error != 0)
            return error;
        ref RegState dst = ref w.Regs[insn.Dst];
        if (code == Op.Neg)
            ScalarAlu.Apply(ref dst.Bounds, dst.Bounds, Op.Neg, insn.Class == Op.Alu);
        else
            ScalarAlu.ByteSwap(ref dst.Bounds, insn.Imm, insn.Class == Op.Alu64 || Op.Source(insn.Code) == Op.ToBe);
        dst.Id = 0;
        return 0;
    }

    private static int Move(Walker w, Insn insn)
    {
        bool wide = insn.Class == Op.Alu64, register = Op.Source(insn.Code) == Op.X;
        int error = register ? CheckMoveFields(w, insn, wide) : insn.Src != 0 || insn.Off != 0 ? Refuse(w, "BPF_MOV uses reserved fields\n") : 0;
        if (error == 0 && register)
            error = w.CheckReg(insn.Src, RegUse.Source);
        if (error == 0)
            error = w.CheckReg(insn.Dst, RegUse.DestinationNoMark);
        if (error != 0)
            return error;

        ref RegState dst = ref w.Regs[insn.Dst];
        if (!register)
        {
            dst = default;
            dst.SetConst(wide ? (ulong)insn.Imm : (uint)insn.Imm);
            dst.Precise = !w.BpfCapable;
            return 0;
        }

        ref RegState src = ref w.Regs[insn.Src];
        return wide ? MoveWide(w, insn, ref dst, ref src) : MoveNarrow(w, insn, ref dst, ref src);
    }

    private static int CheckMoveFields(Walker w, Insn insn, bool wide)
    {
        if (wide && insn.Off == AddressSpaceCast)
        {
            if (insn.Imm is not (1 or 1 << 16))
                return Refuse(w, "addr_space_cast insn can only convert between address space 1 and 0\n");
            return Refuse(w, "addr_space_cast insn can only be used in a program that has an associated arena\n");
        }

        bool fits = insn.Off is 0 or 8 or 16 || (wide && insn.Off == 32);
        return fits && insn.Imm == 0 ? 0 : Refuse(w, "BPF_MOV uses reserved fields\n");
    }

    private static int MoveWide(Walker w, Insn insn, ref RegState dst, ref RegState src)
    {
        if (insn.Off == 0)
        {
            StackBounds.AssignId(w, ref src);
            dst = src;
            return 0;
        }

        if (w.IsPointer(src))
            return Refuse(w, $"R{insn.Src} sign-extension part of pointer\n", -Errno.EACCES);
        if (src.Type != RegType.Scalar)
        {
            w.MarkUnknown(ref dst);
            return 0;
        }

        CopyExtended(w, insn.Off, ref dst, ref src);
        BoundsWidth.SignExtend64(ref dst.Bounds, insn.Off >> 3);
        return 0;
    }

    private static int MoveNarrow(Walker w, Insn insn, ref RegState dst, ref RegState src)
    {
        if (w.IsPointer(src))
            return Refuse(w, $"R{insn.Src} partial copy of pointer\n", -Errno.EACCES);
        if (src.Type != RegType.Scalar)
        {
            w.MarkUnknown(ref dst);
        }
        else if (insn.Off == 0)
        {
            bool fits = StackBounds.Width(src) <= 32;
            if (fits)
                StackBounds.AssignId(w, ref src);
            dst = src;
            if (!fits)
                dst.Id = 0;
        }
        else
        {
            CopyExtended(w, insn.Off, ref dst, ref src);
            BoundsWidth.SignExtend32(ref dst.Bounds, insn.Off >> 3);
        }

        BoundsWidth.ZeroExtend32(ref dst.Bounds);
        dst.Bounds.Sync();
        return 0;
    }

    /// <summary>Copies a scalar that is about to be sign-extended: it stays the same value, and linked, where its sign bit is clear.</summary>
    private static void CopyExtended(Walker w, int bits, ref RegState dst, ref RegState src)
    {
        bool same = src.Bounds.UMax < 1UL << (bits - 1);
        if (same)
            StackBounds.AssignId(w, ref src);
        dst = src;
        if (!same)
            dst.Id = 0;
    }

    private static int Binary(Walker w, Insn insn, int code)
    {
        bool register = Op.Source(insn.Code) == Op.X;
        bool reserved = insn.Off is not (0 or 1) || (insn.Off == 1 && code is not (Op.Mod or Op.Div)) || (register ? insn.Imm != 0 : insn.Src != 0);
        if (reserved)
            return Refuse(w, "BPF_ALU uses reserved fields\n");
        int error = register ? w.CheckReg(insn.Src, RegUse.Source) : 0;
        if (error == 0)
            error = w.CheckReg(insn.Dst, RegUse.Source);
        if (error != 0)
            return error;
        if (!register && code is Op.Mod or Op.Div && insn.Imm == 0)
            return Refuse(w, "div by zero\n");
        if (!register && code is Op.Lsh or Op.Rsh or Op.Arsh && (uint)insn.Imm >= (insn.Class == Op.Alu64 ? 64u : 32u))
            return Refuse(w, $"invalid shift {insn.Imm}\n");
        error = w.CheckReg(insn.Dst, RegUse.DestinationNoMark);
        return error != 0 ? error : Adjust(w, insn, code, register);
    }

    private static int Adjust(Walker w, Insn insn, int code, bool register)
    {
        RegState[] regs = w.Regs;
        ref RegState dst = ref regs[insn.Dst];
        RegState constant = default;
        if (!register)
            constant.SetConst((ulong)insn.Imm);
        ref RegState src = ref register ? ref regs[insn.Src] : ref constant;

        if (src.Type != RegType.Scalar)
        {
            if (dst.Type != RegType.Scalar)
            {
                if (code == Op.Sub && w.AllowPointerLeaks)
                {
                    w.MarkUnknown(ref dst);
                    return 0;
                }

                return Refuse(w, $"R{insn.Dst} pointer {PointerAlu.OperatorName(code)} pointer prohibited\n", -Errno.EACCES);
            }

            int marked = w.Precision.Mark(insn.Dst);
            return marked != 0 ? marked : PointerAlu.Adjust(w, insn, ref src, ref dst);
        }

        if (dst.Type != RegType.Scalar)
        {
            int marked = register ? w.Precision.Mark(insn.Src) : 0;
            return marked != 0 ? marked : PointerAlu.Adjust(w, insn, ref dst, ref src);
        }

        if (register && dst.Precise)
        {
            int marked = w.Precision.Mark(insn.Src);
            if (marked != 0)
                return marked;
        }

        return Scalars(w, insn, code, ref dst, ref src);
    }

    private static int Scalars(Walker w, Insn insn, int code, ref RegState dst, ref RegState src)
    {
        bool narrow = insn.Class == Op.Alu;
        Bounds source = src.Bounds;
        bool sourceConst = source.IsConst;
        if (!ScalarAlu.IsTracked(source, code, narrow))
        {
            w.MarkUnknown(ref dst);
            return 0;
        }

        if (ScalarFork.Width(dst.Bounds, source, code) is bool half)
        {
            VerifierState? put = w.Push(w.InsnIdx, w.InsnIdx);
            if (put is null)
                return -Errno.EFAULT;
            ScalarFork.Set(ref put.Regs[insn.Dst].Bounds, half, zero: true);
            ScalarFork.Set(ref dst.Bounds, half, zero: false);
        }

        bool linkable = !narrow || dst.Bounds.UMax <= uint.MaxValue;
        bool same = Op.Source(insn.Code) == Op.X && insn.Src == insn.Dst;
        ScalarAlu.Apply(ref dst.Bounds, source, code, narrow);
        if (linkable && !same && w.BpfCapable && code is Op.Add or Op.Sub && dst.Id != 0 && sourceConst)
            Link(ref dst, source.Tnum.Value, code == Op.Sub, narrow);
        else
            dst.Id = 0;
        return 0;
    }

    /// <summary>A scalar that is another one plus a constant stays linked to it; two additions in a row are not followed.</summary>
    private static void Link(ref RegState dst, ulong value, bool negate, bool narrow)
    {
        long off = narrow ? (int)value : (long)value;
        if (negate)
            off = -off;
        if ((dst.Id & RegState.AddConst) != 0 || off is < int.MinValue or > int.MaxValue)
        {
            dst.Off = 0;
            dst.Id = 0;
            return;
        }

        dst.Id |= narrow ? RegState.AddConst32 : RegState.AddConst64;
        dst.Off = (int)off;
    }
}
