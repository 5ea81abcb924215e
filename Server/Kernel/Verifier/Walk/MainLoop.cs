using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Calls;
using WebBpf.Kernel.Verifier.Prune;
using WebBpf.Kernel.Verifier.Report;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Structure;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>
/// Walks every path of a function: one instruction after the other, at each prune point asking whether an earlier state covers the current one, at each
/// end taking up the branch that was put off last. As do_check and do_check_common in kernel/bpf/verifier.c, 6.18.
/// </summary>
internal sealed class MainLoop
{
    private const uint ProgressEvery = 4096;

    private readonly Walker _w;
    private readonly VerifierEnv _env;
    private readonly Branches _branches;
    private bool _printState;

    public MainLoop(Walker walker)
    {
        _w = walker;
        _env = walker.Env;
        _branches = new Branches(walker, walker.Seen);
    }

    /// <summary>Verifies one function on its own: the main program, or a global function by its BTF arguments.</summary>
    public int Run(int subprog)
    {
        _w.Start(subprog);
        _w.Text.Restart();
        int mark = _env.Log.Length;
        int error = SubprogArgs.SetUp(_w, subprog);
        if (error == 0)
            error = Walk();
        if (error != 0)
            return error;
        // On success level 1 keeps nothing of the walk.
        if (!_env.Log.Has(VerifierLog.Level2))
            _env.Log.Reset(mark);
        _w.DropWaiting();
        _w.Seen.Clear();
        return 0;
    }

    private int Walk()
    {
        bool dropLog = !_env.Log.Has(VerifierLog.Level2);
        _printState = false;
        while (true)
        {
            int result = Step(out bool ended);
            if (result < 0)
                return result;
            if (!ended)
                continue;
            _w.Scratch.MarkAll();
            result = _w.Seen.EndPath(_w.Current);
            if (result < 0)
                return result;
            _w.Liveness.Update();
            if (!_w.Pop(dropLog))
                return 0;
            _w.Liveness.ResetCallChain();
            _printState = true;
        }
    }

    /// <summary>One instruction; <paramref name="ended"/> where the path is over.</summary>
    private int Step(out bool ended)
    {
        ended = false;
        int index = _w.InsnIdx;
        _w.CurrentRecord = -1;
        if ((uint)index >= (uint)_env.Insns.Length)
        {
            _env.Log.Write($"invalid insn idx {index} insn_cnt {_env.Insns.Length}\n");
            return -Errno.EFAULT;
        }

        if (++_w.InsnsProcessed > StatsText.InsnLimit)
        {
            _env.Log.Write($"BPF program is too large. Processed {_w.InsnsProcessed} insn\n");
            return -Errno.E2BIG;
        }

        if (_w.InsnsProcessed % ProgressEvery == 0)
        {
            if (_env.Request.Cancellation.IsCancellationRequested)
                return -Errno.EAGAIN;
            _env.Request.Observer?.OnProgress(_w.InsnsProcessed, _w.Seen.TotalStates);
        }

        VerifierState state = _w.Current;
        state.LastInsnIdx = _w.PrevInsnIdx;
        state.InsnIdx = index;
        if (_env.Aux[index].Has(InsnAuxFlags.PrunePoint))
        {
            int visited = _w.Seen.Visit(index);
            if (visited < 0)
                return visited;
            if (visited == 1)
            {
                if (_w.Logs)
                    _w.Text.Safe(_w.PrevInsnIdx, index, state, _printState);
                ended = true;
                return 0;
            }
        }

        if (_env.Aux[index].Has(InsnAuxFlags.JumpPoint))
            _w.Record();
        if (_printState && _w.Logs2)
        {
            _w.Text.From(_w.PrevInsnIdx, index, state);
            _printState = false;
        }

        if (_w.Logs)
            _w.Text.Insn(index, state);
        _env.Aux[index].Seen = 1;
        _w.Liveness.ResetWrites(index);
        int error = Judge(_env.Insns[index], out ended);
        if (error < 0)
            return error;
        _w.PrevInsnIdx = index;
        _w.Liveness.CommitWrites();
        return 0;
    }

    private int Judge(Insn insn, out bool ended)
    {
        ended = false;
        int error;
        switch (insn.Class)
        {
            case Op.Alu or Op.Alu64:
                error = Alu.Check(_w, insn);
                break;
            case Op.Ldx:
                error = Loads.Load(_w, insn, strict: false, Op.Mode(insn.Code) == Op.MemSx, "ldx");
                break;
            case Op.Stx when Op.Mode(insn.Code) == Op.Atomic:
                error = Loads.Atomic(_w, insn);
                break;
            case Op.Stx:
                error = Op.Mode(insn.Code) != Op.Mem || insn.Imm != 0 ? Refuse("BPF_STX uses reserved fields\n") : Loads.StoreRegister(_w, insn, strict: false);
                break;
            case Op.St:
                error = Loads.StoreImmediate(_w, insn);
                break;
            case Op.Jmp or Op.Jmp32:
                return Jump(insn, out ended);
            default:
                return Immediate(insn);
        }

        _w.InsnIdx++;
        return error;
    }

    private int Immediate(Insn insn)
    {
        int mode = Op.Mode(insn.Code);
        int error;
        if (mode is Op.Abs or Op.Ind)
        {
            error = Loads.LegacyPacket(_w, insn);
            if (error == 0 && _w.Current.CurFrame > 0)
            {
                // Where the packet is too short, the function returns 0.
                if (_w.Push(_w.InsnIdx + 1, _w.InsnIdx) is null)
                    return -Errno.EFAULT;
                _w.MarkZero(ref _w.Regs[Op.R0]);
                return SubprogCalls.Exit(_w);
            }
        }
        else if (mode == Op.Imm)
        {
            error = Loads.Immediate(_w, insn);
            _env.Aux[_w.InsnIdx].Seen = 1;
            if (_w.InsnIdx + 1 < _env.Aux.Length)
                _env.Aux[_w.InsnIdx + 1].Seen = 1;
            _w.InsnIdx++;
        }
        else
        {
            return Refuse("invalid BPF_LD mode\n");
        }

        _w.InsnIdx++;
        return error;
    }

    private int Refuse(string message)
    {
        _env.Log.Write(message);
        return -Errno.EINVAL;
    }

    private int Jump(Insn insn, out bool ended)
    {
        ended = false;
        _w.JumpsProcessed++;
        bool narrow = insn.Class == Op.Jmp32, register = Op.Source(insn.Code) == Op.X;
        switch (Op.Code(insn.Code))
        {
            case Op.Call:
                if (register || (insn.Src != Op.PseudoKfuncCall && insn.Off != 0) || insn.Src > Op.PseudoKfuncCall || insn.Dst != 0 || narrow)
                    return Refuse("BPF_CALL uses reserved fields\n");
                return Call(insn);
            case Op.Ja:
                if (register || insn.Src != 0 || insn.Dst != 0 || (narrow ? insn.Off != 0 : insn.Imm != 0))
                    return Refuse("BPF_JA uses reserved fields\n");
                _w.InsnIdx += Flow.JumpOffset(insn) + 1;
                return 0;
            case Op.Exit:
                if (register || insn.Imm != 0 || insn.Regs != 0 || narrow)
                    return Refuse("BPF_EXIT uses reserved fields\n");
                return Exit(out ended);
            default:
                int error = _branches.Check(insn);
                _w.InsnIdx++;
                return error;
        }
    }

    private int Call(Insn insn)
    {
        int error;
        if (insn.Src == Op.PseudoCall)
            return SubprogCalls.Check(_w, insn);
        error = insn.Src == Op.PseudoKfuncCall ? _env.Gap("calls of kernel functions (kfuncs)") : HelperCalls.Check(_w, insn);
        if (error != 0)
            return error;
        _w.Scratch.MarkReg(Op.R0);
        if (insn.Imm == (int)BpfFuncId.TailCall && _w.Current.CurFrame > 0)
        {
            // Where the jump is made, the function returns with what the other program left in R0.
            if (_w.Push(_w.InsnIdx + 1, _w.InsnIdx) is null)
                return -Errno.EFAULT;
            Registers.ClearPacketPointers(_w);
            _w.MarkUnknown(ref _w.Regs[Op.R0]);
            return SubprogCalls.Exit(_w);
        }

        _w.InsnIdx++;
        return 0;
    }

    private int Exit(out bool ended)
    {
        ended = false;
        if (_w.Current.CurFrame > 0)
        {
            int left = SubprogCalls.Exit(_w);
            _printState = true;
            return left;
        }

        int error = ReturnCodes.CheckLeaks(_w, "BPF_EXIT instruction in main prog");
        if (error == 0)
            error = ReturnCodes.Check(_w);
        ended = error == 0;
        return error;
    }
}
