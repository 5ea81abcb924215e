using System.Globalization;
using System.Numerics;
using System.Text;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>One step of going back: which registers and slots must be precise before an instruction, given those that must be after it (backtrack_insn).</summary>
internal static class BacktrackInsn
{
    private const uint ArgumentRegs = 0x3e;

    /// <param name="subsequent">The instruction that ran next.</param>
    /// <param name="record">What the walk noted of this step, if anything.</param>
    /// <returns>0, ENOTSUPP where tracing must give up, or EFAULT for a contradiction.</returns>
    public static int Step(Walker walker, Backtrack bt, int index, int subsequent, JumpRecord? record)
    {
        Insn insn = walker.Env.Insns[index];
        if (insn.Code == 0)
            return 0;
        if (walker.Logs2)
        {
            walker.Log.Write($"mark_precise: frame{bt.Frame}: regs={RegNames(bt.Regs)} stack={StackLiveness.SlotNames(bt.Slots)} before {index}: ");
            walker.PrintInsn(index);
        }

        SyncLinked(bt, record);
        int error = insn.Class switch
        {
            Op.Alu or Op.Alu64 => Arithmetic(bt, insn),
            Op.Ldx => Load(bt, insn.Dst, record),
            Op.St or Op.Stx => Store(bt, insn, record),
            Op.Jmp or Op.Jmp32 => Jump(walker, bt, insn, index, subsequent, record),
            _ => Immediate(bt, insn),
        };
        if (error is Done)
            return 0;
        if (error != 0)
            return error;
        SyncLinked(bt, record);
        return 0;
    }

    /// <summary>Registers as the log names them: "r0,r2".</summary>
    public static string RegNames(uint mask)
    {
        var text = new StringBuilder();
        for (uint left = mask; left != 0; left &= left - 1)
        {
            if (text.Length > 0)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"r{BitOperations.TrailingZeroCount(left)}");
        }

        return text.ToString();
    }

    /// <summary>The step does not concern what is traced; linked values are not looked at again.</summary>
    private const int Done = 1;

    private static int Arithmetic(Backtrack bt, Insn insn)
    {
        if (!bt.Has(insn.Dst))
            return Done;
        int code = Op.Code(insn.Code);
        if (code is Op.End or Op.Neg)
            return Done;
        bool fromRegister = Op.Source(insn.Code) == Op.X;
        if (code == Op.Mov)
            bt.Clear(insn.Dst);
        if (fromRegister && insn.Src != Op.R10)
            bt.Set(insn.Src);
        return 0;
    }

    private static int Load(Backtrack bt, int register, JumpRecord? record)
    {
        if (!bt.Has(register))
            return Done;
        bt.Clear(register);
        if (record is not { StackAccess: true } access)
            return Done;
        bt.SetSlot(access.StackFrame, access.StackSlot);
        return 0;
    }

    private static int Store(Backtrack bt, Insn insn, JumpRecord? record)
    {
        bool atomic = insn.Class == Op.Stx && Op.Mode(insn.Code) == Op.Atomic;
        if (atomic && insn.Imm == Op.LoadAcquire)
            return Load(bt, insn.Dst, record);
        // What a fetch reads is not traced into the stack: the register stays in question until something else sets it.
        // Memory is never addressed through a traced scalar: this must be pointer subtraction.
        if (bt.Has(insn.Dst))
            return -Errno.ENOTSUPP;
        if (record is not { StackAccess: true } access || !bt.HasSlot(access.StackFrame, access.StackSlot))
            return Done;
        bt.ClearSlot(access.StackFrame, access.StackSlot);
        if (insn.Class == Op.Stx)
            bt.Set(insn.Src);
        return 0;
    }

    private static int Immediate(Backtrack bt, Insn insn)
    {
        if (!bt.Has(insn.Dst))
            return Done;
        bt.Clear(insn.Dst);
        return Op.Mode(insn.Code) is Op.Ind or Op.Abs ? -Errno.ENOTSUPP : 0;
    }

    private static int Jump(Walker walker, Backtrack bt, Insn insn, int index, int subsequent, JumpRecord? record)
    {
        int code = Op.Code(insn.Code);
        if (Flow.IsSubprogCall(insn))
            return IntoCaller(walker, bt, insn, index, subsequent);
        if (code == Op.Call && Flow.IsHelperCall(insn) && Flow.RunsCallback(insn.Imm) && index != subsequent - 1)
            return OutOfCallback(walker, bt);
        if (code == Op.Call)
            return HelperCall(walker, bt, insn, index, subsequent);
        if (code == Op.Exit)
            return IntoCallee(walker, bt, subsequent);
        if (Op.Source(insn.Code) != Op.X)
            return 0;
        if (!bt.Has(insn.Dst) && !bt.Has(insn.Src))
            return Done;
        if (record is not { SourceIsStack: true })
            bt.Set(insn.Src);
        if (record is not { DestinationIsStack: true })
            bt.Set(insn.Dst);
        return 0;
    }

    /// <summary>Going back over a call of a subprogram: out of it, its arguments belong to the caller.</summary>
    private static int IntoCaller(Walker walker, Backtrack bt, Insn insn, int index, int subsequent)
    {
        int subprog = walker.Env.FindSubprog(index + insn.Imm + 1);
        if (walker.Env.Subprogs[subprog].IsGlobal)
        {
            if (index + 1 != subsequent)
                return walker.Bug("extra insn from subprog");
            if ((bt.Regs & ArgumentRegs) != 0)
                return walker.Bug($"global subprog unexpected regs {bt.Regs:x}");
            bt.Clear(Op.R0);
            return Done;
        }

        if ((bt.Regs & ~ArgumentRegs) != 0)
            return walker.Bug($"static subprog unexpected regs {bt.Regs:x}");
        if (bt.Slots != 0)
            return walker.Bug($"static subprog leftover stack slots {bt.Slots:x}");
        if (bt.Frame == 0)
            return walker.Bug("subprog exit from frame 0");
        for (int i = Op.R1; i <= Op.R5; i++)
        {
            if (bt.Has(i))
                bt.SetReg(bt.Frame - 1, i);
        }

        bt.ClearRegs(ArgumentRegs);
        bt.Frame--;
        return Done;
    }

    private static int OutOfCallback(Walker walker, Backtrack bt)
    {
        if ((bt.Regs & ~ArgumentRegs) != 0)
            return walker.Bug($"callback unexpected regs {bt.Regs:x}");
        if (bt.Slots != 0)
            return walker.Bug($"callback leftover stack slots {bt.Slots:x}");
        if (bt.Frame == 0)
            return walker.Bug("subprog exit from frame 0");
        bt.ClearRegs(ArgumentRegs);
        bt.Frame--;
        return Done;
    }

    private static int HelperCall(Walker walker, Backtrack bt, Insn insn, int index, int subsequent)
    {
        bt.Clear(Op.R0);
        if ((bt.Regs & ArgumentRegs) != 0)
            return walker.Bug($"backtracking call unexpected regs {bt.Regs:x}");
        if (insn.Src == 0 && insn.Imm == (int)BpfFuncId.TailCall && subsequent - index != 1)
            return Enter(walker, bt);
        return 0;
    }

    /// <summary>Going back over the exit of a subprogram or callback: into it.</summary>
    private static int IntoCallee(Walker walker, Backtrack bt, int subsequent)
    {
        if (subsequent >= 0 && walker.Env.Aux[subsequent].Has(InsnAuxFlags.CallsCallback))
            bt.ClearRegs(ArgumentRegs);
        if ((bt.Regs & ArgumentRegs) != 0)
            return walker.Bug($"backtracking exit unexpected regs {bt.Regs:x}");
        bool result = subsequent >= 1 && Flow.IsSubprogCall(walker.Env.Insns[subsequent - 1]) && bt.Has(Op.R0);
        bt.Clear(Op.R0);
        int error = Enter(walker, bt);
        if (error != 0)
            return error;
        if (result)
            bt.Set(Op.R0);
        return Done;
    }

    private static int Enter(Walker walker, Backtrack bt)
    {
        if (bt.Frame == VerifierState.MaxFrames - 1)
            return walker.Bug($"subprog enter from frame {bt.Frame}");
        bt.Frame++;
        return 0;
    }

    /// <summary>Where one of a set of linked values is traced, all of them are (bt_sync_linked_regs).</summary>
    private static void SyncLinked(Backtrack bt, JumpRecord? record)
    {
        if (record?.Linked is not { } linked)
            return;
        bool some = false;
        foreach (LinkedRegister value in linked)
            some |= value.IsSlot ? bt.HasSlot(value.Frame, value.Index) : bt.HasReg(value.Frame, value.Index);
        if (!some)
            return;
        foreach (LinkedRegister value in linked)
        {
            if (value.IsSlot)
                bt.SetSlot(value.Frame, value.Index);
            else
                bt.SetReg(value.Frame, value.Index);
        }
    }
}
