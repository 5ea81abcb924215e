using System.Globalization;
using System.Numerics;
using System.Text;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>
/// Precision: where the verdict depended on the exact value of a scalar, that scalar and all it was computed from are marked in the states on the way here,
/// so that states compare their ranges only where it matters. Goes back one instruction at a time through the recorded steps of each state.
/// As mark_chain_precision in kernel/bpf/verifier.c (6.18).
/// </summary>
internal sealed class Precision(Walker walker)
{
    private const uint ArgumentRegs = 0x3e;

    private readonly Backtrack _bt = new();

    /// <summary>Marks what a scalar register of the current frame depends on; -1 marks nothing.</summary>
    public int Mark(int regno) => MarkFrom(walker.Current, regno, out _);

    /// <summary>Marks what a scalar in a stack slot depends on.</summary>
    public int MarkSlot(int frame, int slot)
    {
        _bt.SetSlot(frame, slot);
        return MarkFrom(walker.Current, -1, out _);
    }

    /// <summary>Carries the marks of a seen state over to the current one that was found equal (propagate_precision).</summary>
    public int Propagate(VerifierState old, VerifierState current, out bool changed)
    {
        for (int frame = old.CurFrame; frame >= 0; frame--)
            Collect(old.Frames[frame]!, frame);
        return MarkFrom(current, -1, out changed);
    }

    /// <summary>Gives up tracing: every scalar of all parents becomes precise (mark_all_scalars_precise).</summary>
    public void MarkEverything(VerifierState state)
    {
        if (walker.Logs2)
            walker.Log.Write($"mark_precise: frame{state.CurFrame}: falling back to forcing all scalars precise\n");
        for (VerifierState? at = state.Parent; at is not null; at = at.Parent)
        {
            for (int frame = 0; frame <= at.CurFrame; frame++)
            {
                FuncState func = at.Frames[frame]!;
                for (int i = 0; i < 10; i++)
                {
                    if (Force(ref func.Regs[i]) && walker.Logs2)
                        walker.Log.Write($"force_precise: frame{frame}: forcing r{i} to be precise\n");
                }

                for (int i = 0; i < func.StackSlots; i++)
                {
                    if (func.Stack[i].IsSpill && Force(ref func.Stack[i].Spilled) && walker.Logs2)
                        walker.Log.Write($"force_precise: frame{frame}: forcing fp{-(i + 1) * 8} to be precise\n");
                }
            }
        }
    }

    private static bool Force(ref RegState reg)
    {
        if (reg.Type != RegType.Scalar || reg.Precise)
            return false;
        return reg.Precise = true;
    }

    private void Collect(FuncState func, int frame)
    {
        StringBuilder? text = walker.Logs2 ? new StringBuilder() : null;
        for (int i = 0; i < 10; i++)
        {
            if (func.Regs[i].Type != RegType.Scalar || !func.Regs[i].Precise)
                continue;
            Append(text, $"r{i}");
            _bt.SetReg(frame, i);
        }

        for (int i = 0; i < func.StackSlots; i++)
        {
            if (!func.Stack[i].IsScalarSpill || !func.Stack[i].Spilled.Precise)
                continue;
            Append(text, $"fp{-(i + 1) * 8}");
            _bt.SetSlot(frame, i);
        }

        if (text is { Length: > 0 })
            walker.Log.Write($"frame {frame}: propagating {text}\n");
    }

    private static void Append(StringBuilder? text, string name)
    {
        if (text is { Length: > 0 })
            text.Append(',');
        text?.Append(name);
    }

    private int MarkFrom(VerifierState start, int regno, out bool changed)
    {
        changed = false;
        if (!walker.BpfCapable)
        {
            _bt.Reset();
            return 0;
        }

        _bt.Frame = start.CurFrame;
        if (regno >= 0)
        {
            if (start.Frame.Regs[regno].Type != RegType.Scalar)
                return walker.Bug("backtracking misuse");
            _bt.Set(regno);
        }

        if (_bt.IsEmpty)
            return 0;
        int result = Trace(start, ref changed);
        _bt.Reset();
        return result;
    }

    private int Trace(VerifierState start, ref bool changed)
    {
        VerifierState state = start;
        int first = state.FirstInsnIdx, last = start.InsnIdx, subsequent = -1;
        bool skip = true;
        while (true)
        {
            int history = state.History.Count;
            if (walker.Logs2)
                walker.Log.Write($"mark_precise: frame{_bt.Frame}: last_idx {last} first_idx {first} subseq_idx {subsequent} \n");
            if (last < 0)
                return AtFunctionEntry(state, ref changed);

            for (int i = last; ;)
            {
                int error = 0;
                if (skip)
                    skip = false;
                else
                    error = BacktrackInsn.Step(walker, _bt, i, subsequent, RecordAt(state, history, i));
                if (error == -Errno.ENOTSUPP)
                {
                    MarkEverything(start);
                    return 0;
                }

                if (error != 0)
                    return error;
                if (_bt.IsEmpty)
                    return 0;
                subsequent = i;
                i = Previous(state, i, ref history);
                if (i == int.MinValue)
                    break;
                if ((uint)i >= (uint)walker.Env.Insns.Length)
                    return walker.Bug($"backtracking idx {i}");
            }

            if (state.Parent is not { } parent)
                break;
            state = parent;
            int marked = MarkIn(state, ref changed);
            if (marked != 0)
                return marked;
            if (_bt.IsEmpty)
                return 0;
            subsequent = first;
            last = state.LastInsnIdx;
            first = state.FirstInsnIdx;
        }

        // What is still set reaches back before the first state: be conservative.
        if (!_bt.IsEmpty)
            MarkEverything(start);
        return 0;
    }

    private static JumpRecord? RecordAt(VerifierState state, int history, int insn) =>
        history > 0 && state.History[history - 1].Idx == insn ? state.History[history - 1] : null;

    /// <summary>The instruction before, by the record of steps or else by position; int.MinValue at the state's beginning (get_prev_insn_idx).</summary>
    private static int Previous(VerifierState state, int i, ref int history)
    {
        if (i == state.FirstInsnIdx && (history == 0 || (history == 1 && state.History[0].Idx == i)))
            return int.MinValue;
        if (history > 0 && state.History[history - 1].Idx == i)
            return state.History[--history].PrevIdx;
        return i - 1;
    }

    private int AtFunctionEntry(VerifierState state, ref bool changed)
    {
        FuncState func = state.Frames[0]!;
        if (state.CurFrame != 0 || func.SubprogNo == 0 || func.CallSite != -1 || _bt.Slots != 0 || (_bt.Regs & ~ArgumentRegs) != 0)
            return walker.Bug($"backtracking func entry subprog {func.SubprogNo} reg_mask {_bt.Regs:x} stack_mask {_bt.Slots:x}");
        for (uint left = _bt.Regs; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            _bt.Clear(i);
            if (func.Regs[i].Type == RegType.Scalar)
                func.Regs[i].Precise = changed = true;
        }

        return 0;
    }

    /// <summary>Marks what is traced in a parent state; what is no scalar there, or precise already, needs no more tracing.</summary>
    private int MarkIn(VerifierState state, ref bool changed)
    {
        for (int frame = _bt.Frame; frame >= 0; frame--)
        {
            FuncState func = state.Frames[frame]!;
            for (uint left = _bt.RegsOf(frame); left != 0; left &= left - 1)
            {
                int i = BitOperations.TrailingZeroCount(left);
                ref RegState reg = ref func.Regs[i];
                if (reg.Type != RegType.Scalar || reg.Precise)
                    _bt.ClearReg(frame, i);
                else
                    reg.Precise = changed = true;
            }

            for (ulong left = _bt.SlotsOf(frame); left != 0; left &= left - 1)
            {
                int i = BitOperations.TrailingZeroCount(left);
                if (i >= func.StackSlots)
                    return walker.Bug($"stack slot {i}, total slots {func.StackSlots}");
                ref StackSlot slot = ref func.Stack[i];
                if (!slot.IsScalarSpill || slot.Spilled.Precise)
                    _bt.ClearSlot(frame, i);
                else
                    slot.Spilled.Precise = changed = true;
            }

            if (walker.Logs2)
                LogParent(state, func, frame);
        }

        return 0;
    }

    private void LogParent(VerifierState state, FuncState func, int frame)
    {
        walker.Log.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"mark_precise: frame{frame}: parent state regs={BacktrackInsn.RegNames(_bt.RegsOf(frame))} stack={StackLiveness.SlotNames(_bt.SlotsOf(frame))}: "));
        walker.PrintState(state, func, printAll: true);
    }
}
