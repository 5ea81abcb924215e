using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.Prune;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Conditional jumps: decided where the bounds allow it, else both ways with what each teaches. As check_cond_jmp_op.</summary>
internal sealed class Branches(Walker w, SeenStates seen)
{
    private readonly LinkedValues _linked = new();

    /// <summary>Judges the jump at <see cref="Walker.InsnIdx"/>, which becomes the last instruction before the next one.</summary>
    public int Check(Insn insn)
    {
        int code = Op.Code(insn.Code);
        if (code > Op.Jcond)
            return Refuse($"invalid BPF_JMP/JMP32 opcode {code:x}\n", -Errno.EINVAL);
        if (code == Op.Jcond)
            return MayGoto(insn);

        int error = w.CheckReg(insn.Dst, RegUse.Source);
        if (error != 0)
            return error;
        bool register = Op.Source(insn.Code) == Op.X, narrow = insn.Class == Op.Jmp32;
        RegState constant = default;
        if (register)
        {
            error = CheckSource(insn);
            if (error != 0)
                return error;
        }
        else
        {
            if (insn.Src != 0)
                return Refuse("BPF_JMP/JMP32 uses reserved fields\n", -Errno.EINVAL);
            constant.SetConst((ulong)insn.Imm);
        }

        ref RegState dst = ref w.Regs[insn.Dst];
        ref RegState src = ref register ? ref w.Regs[insn.Src] : ref constant;
        Branch branch = Decide(dst, src, code, narrow);
        if (branch != Branch.Unknown)
            return Follow(insn, register, branch);

        _linked.Clear();
        if (register && src.Type == RegType.Scalar && src.Id != 0)
            _linked.Collect(w.Current, w.Env.Aux, src.Id);
        if (dst.Type == RegType.Scalar && dst.Id != 0)
            _linked.Collect(w.Current, w.Env.Aux, dst.Id);
        if (_linked.Count > 1)
            w.Record(linked: _linked.ToArray());

        VerifierState? other = w.Push(w.InsnIdx + insn.Off + 1, w.InsnIdx);
        if (other is null)
            return -Errno.EFAULT;
        error = Refine(insn, code, register, narrow, other, constant);
        return error != 0 ? error : Pointers(insn, code, register, narrow, other);
    }

    private int Refuse(string message, int error)
    {
        w.Log.Write(message);
        return error;
    }

    private int MayGoto(Insn insn)
    {
        if (insn.Code != (Op.Jmp | Op.Jcond) || insn.Src != Op.MayGoto || insn.Dst != 0 || insn.Imm != 0)
            return Refuse($"invalid may_goto imm {insn.Imm}\n", -Errno.EINVAL);
        // The parent is the checkpoint that was made for this very visit.
        VerifierState? previous = seen.PreviousEntry(w.Current.Parent, w.InsnIdx);
        VerifierState? queued = w.Push(w.InsnIdx + 1, w.InsnIdx);
        if (queued is null)
            return -Errno.ENOMEM;
        queued.MayGotoDepth++;
        if (previous is not null)
            seen.Widen(previous, queued);
        w.InsnIdx += insn.Off;
        return 0;
    }

    private int CheckSource(Insn insn)
    {
        if (insn.Imm != 0)
            return Refuse("BPF_JMP/JMP32 uses reserved fields\n", -Errno.EINVAL);
        int error = w.CheckReg(insn.Src, RegUse.Source);
        if (error != 0)
            return error;
        RegType src = w.Regs[insn.Src].Type, dst = w.Regs[insn.Dst].Type;
        if (!(src.IsPacketAny() && dst.IsPacketAny()) && w.IsPointer(insn.Src))
            return Refuse($"R{insn.Src} pointer comparison prohibited\n", -Errno.EACCES);
        if (src == RegType.PtrToStack || dst == RegType.PtrToStack)
            w.Record(sourceIsStack: src == RegType.PtrToStack, destinationIsStack: dst == RegType.PtrToStack);
        return 0;
    }

    private int Follow(Insn insn, bool register, Branch branch)
    {
        int error = 0;
        if (w.Regs[insn.Dst].Type == RegType.Scalar)
            error = w.Precision.Mark(insn.Dst);
        if (error == 0 && register && w.Regs[insn.Src].Type == RegType.Scalar)
            error = w.Precision.Mark(insn.Src);
        if (error != 0)
            return error;
        PrintState();
        if (branch == Branch.Taken)
            w.InsnIdx += insn.Off;
        return 0;
    }

    private void PrintState()
    {
        if (w.Logs)
            w.Text.Changes(w.InsnIdx, w.Current, w.Frame);
    }

    private static Branch Decide(in RegState dst, in RegState src, int code, bool narrow)
    {
        if (dst.Type.IsPacketAny() && src.Type.IsPacketAny() && !narrow)
            return DecidePacket(dst, src, code);
        bool swap = !(src.Type == RegType.Scalar && src.Bounds.IsConstAt(narrow));
        if (swap)
            code = BranchRefine.Flip(code);
        return DecideAgainst(swap ? src : dst, swap ? dst : src, code, narrow);
    }

    private static Branch DecideAgainst(in RegState reg, in RegState against, int code, bool narrow)
    {
        if (reg.Type == RegType.Scalar && against.Type == RegType.Scalar)
            return BranchOutcome.Decide(reg.Bounds, against.Bounds, code, narrow);
        // A pointer that is surely there is not 0.
        if (against.Type != RegType.Scalar || !against.Bounds.IsConstAt(narrow) || against.Bounds.ConstValue(narrow) != 0 || !reg.Type.IsNotNull())
            return Branch.Unknown;
        return code switch { Op.Jeq => Branch.NotTaken, Op.Jne => Branch.Taken, _ => Branch.Unknown };
    }

    private static Branch DecidePacket(in RegState dst, in RegState src, int code)
    {
        int range;
        if (dst.Type == RegType.PtrToPacketEnd)
        {
            range = src.Range;
            code = BranchRefine.Flip(code);
        }
        else if (src.Type == RegType.PtrToPacketEnd)
        {
            range = dst.Range;
        }
        else
        {
            return Branch.Unknown;
        }

        if (range >= 0)
            return Branch.Unknown;
        bool beyond = range == RegState.BeyondPacketEnd;
        return code switch
        {
            Op.Jle or Op.Jgt when beyond => code == Op.Jgt ? Branch.Taken : Branch.NotTaken,
            Op.Jlt or Op.Jge => code == Op.Jge ? Branch.Taken : Branch.NotTaken,
            _ => Branch.Unknown,
        };
    }

    /// <summary>What both sides learn of scalars (reg_set_min_max), and all that are linked to them.</summary>
    private int Refine(Insn insn, int code, bool register, bool narrow, VerifierState other, RegState constant)
    {
        RegState otherConstant = constant;
        ref RegState dst = ref w.Regs[insn.Dst];
        ref RegState src = ref register ? ref w.Regs[insn.Src] : ref constant;
        ref RegState otherDst = ref other.Regs[insn.Dst];
        ref RegState otherSrc = ref register ? ref other.Regs[insn.Src] : ref otherConstant;
        if (dst.Type == RegType.Scalar && src.Type == RegType.Scalar)
        {
            BranchRefine.Apply(ref dst.Bounds, ref src.Bounds, BranchRefine.Opposite(code), narrow);
            BranchRefine.Apply(ref otherDst.Bounds, ref otherSrc.Bounds, code, narrow);
            int error = Alu.Sane(w, ref otherDst, "true_reg1");
            if (error == 0)
                error = Alu.Sane(w, ref otherSrc, "true_reg2");
            if (error == 0)
                error = Alu.Sane(w, ref dst, "false_reg1");
            if (error == 0)
                error = Alu.Sane(w, ref src, "false_reg2");
            if (error != 0)
                return error;
        }

        if (register && src.Type == RegType.Scalar && src.Id != 0)
        {
            _linked.Sync(w.Current, insn.Src);
            _linked.Sync(other, insn.Src);
        }

        if (dst.Type == RegType.Scalar && dst.Id != 0)
        {
            _linked.Sync(w.Current, insn.Dst);
            _linked.Sync(other, insn.Dst);
        }

        return 0;
    }

    private int Pointers(Insn insn, int code, bool register, bool narrow, VerifierState other)
    {
        RegType dst = w.Regs[insn.Dst].Type;
        if (register && !narrow)
            LiftNull(insn, code, other);

        if (!narrow && !register && insn.Imm == 0 && code is Op.Jeq or Op.Jne && dst.MayBeNull())
        {
            NullChecks.Mark(w.Current, insn.Dst, code == Op.Jne);
            NullChecks.Mark(other, insn.Dst, code == Op.Jeq);
        }
        else if (!PacketRanges.TryMatch(insn, w.Current, other) && w.IsPointer(insn.Dst))
        {
            return Refuse($"R{insn.Dst} pointer comparison prohibited\n", -Errno.EACCES);
        }

        PrintState();
        return 0;
    }

    /// <summary>Equal to a pointer that is not null: not null either.</summary>
    private void LiftNull(Insn insn, int code, VerifierState other)
    {
        RegType dst = w.Regs[insn.Dst].Type, src = w.Regs[insn.Src].Type;
        if (dst == RegType.Scalar || src == RegType.Scalar || dst.MayBeNull() == src.MayBeNull()
            || dst.Base() == RegType.PtrToBtfId || src.Base() == RegType.PtrToBtfId || code is not (Op.Jeq or Op.Jne))
            return;
        RegState[] equal = code == Op.Jeq ? other.Regs : w.Regs;
        NullChecks.MarkNotNull(ref equal[src.MayBeNull() ? insn.Src : insn.Dst]);
    }
}
