using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Interpreter;

/// <summary>
/// The reference interpreter: executes the rewritten instructions one by one, with no cleverness, so that compiled code can be checked against it
/// and a debugger can step. Subprogram calls are iterative; only callbacks and tail calls from subprograms nest.
/// </summary>
public sealed unsafe class InterpretedProgram : IExecutable
{
    private readonly VerifiedProgram _program;
    private readonly Insn[] _insns;
    private readonly CallSites _calls;

    public InterpretedProgram(VerifiedProgram program)
    {
        _program = program;
        _insns = program.Insns;
        _calls = new CallSites(program);
    }

    public ulong Run(RunContext run, ulong context)
    {
        ulong frame = run.Enter(this, _program.UsedMaps, out RunContext.Saved saved);
        if (frame == 0)
            return 0;
        try
        {
            return TailEnter(run, context, frame);
        }
        finally
        {
            run.Leave(saved);
        }
    }

    public ulong TailEnter(RunContext run, ulong context, ulong frame)
    {
        InterpreterState state = Start(0, frame);
        state.Registers[1] = context;
        return Finish(run, ref state);
    }

    public ulong Invoke(RunContext run, int subprog, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)
    {
        InterpreterState state = Start(subprog, run.StackTop);
        state.Registers[1] = a1;
        state.Registers[2] = a2;
        state.Registers[3] = a3;
        state.Registers[4] = a4;
        state.Registers[5] = a5;
        return Finish(run, ref state);
    }

    public void Dispose()
    {
    }

    /// <summary>State before the first instruction of a subprogram, with its frame pointer; arguments are to be put in.</summary>
    public InterpreterState Start(int subprog, ulong frame)
    {
        var state = new InterpreterState { Next = _program.Subprogs[subprog].Start, Subprog = subprog };
        state.Registers[Op.R10] = frame;
        return state;
    }

    /// <summary>Executes one instruction (with what a helper call does inside); sets <see cref="InterpreterState.Done"/> at the end.</summary>
    public void Step(RunContext run, ref InterpreterState state)
    {
        int at = state.Next;
        ref readonly Insn insn = ref _insns[at];
        state.Next = at + 1;
        fixed (ulong* r = state.Registers)
        {
            switch (insn.Class)
            {
                case Op.Alu64:
                    AluStep.Alu64(insn, r);
                    break;
                case Op.Alu:
                    AluStep.Alu32(insn, r);
                    break;
                case Op.Ldx:
                    MemoryStep.Load(insn, _program.Facts[at].Flags, run.Memory, r);
                    break;
                case Op.St:
                case Op.Stx:
                    Store(run, at, insn, r);
                    break;
                case Op.Ld:
                    Immediate(run, ref state, at, insn, r);
                    break;
                default:
                    Branch(run, ref state, at, insn, r);
                    break;
            }
        }
    }

    private ulong Finish(RunContext run, ref InterpreterState state)
    {
        while (!state.Done)
            Step(run, ref state);
        return state.Registers[0];
    }

    private void Store(RunContext run, int at, in Insn insn, ulong* r)
    {
        int mode = Op.Mode(insn.Code);
        if (insn.Class == Op.St && mode == Op.Atomic)
            return; // BPF_NOSPEC, a speculation barrier of rewrites: nothing to do here.
        bool announce = (_program.Facts[at].Flags & InsnFlags.MapValueStore) != 0;
        ulong address = r[insn.Dst] + (ulong)insn.Off;
        if (announce)
            TrackedStores.Before(run, address, (uint)Op.SizeBytes(insn.Code));
        if (insn.Class == Op.Stx && mode == Op.Atomic)
            MemoryStep.Atomic(insn, run.Memory, r);
        else
            MemoryStep.Store(insn, run.Memory, r);
        if (announce)
            TrackedStores.After(run, address, (uint)Op.SizeBytes(insn.Code));
    }

    private void Immediate(RunContext run, ref InterpreterState state, int at, in Insn insn, ulong* r)
    {
        if (insn.IsLdImm64)
        {
            r[insn.Dst] = (uint)insn.Imm | (ulong)(uint)_insns[at + 1].Imm << 32;
            state.Next = at + 2;
            return;
        }

        int offset = insn.Imm + (Op.Mode(insn.Code) == Op.Ind ? (int)r[insn.Src] : 0);
        if (LegacyLoads.TryLoad(run, offset, Op.SizeBytes(insn.Code), out ulong value))
        {
            r[0] = value;
            return;
        }

        r[0] = 0;
        Leave(ref state, r);
    }

    private void Branch(RunContext run, ref InterpreterState state, int at, in Insn insn, ulong* r)
    {
        int code = insn.Code & 0xf0;
        if (insn.Class == Op.Jmp32 && code == Op.Ja)
        {
            state.Next = at + 1 + insn.Imm;
            return;
        }

        switch (code)
        {
            case Op.Ja:
                state.Next = at + 1 + insn.Off;
                break;
            case Op.Exit when insn.Class == Op.Jmp:
                Leave(ref state, r);
                break;
            case Op.Call when insn.Class == Op.Jmp:
                Call(run, ref state, at, insn, r);
                break;
            case Op.Jcond when insn.Class == Op.Jmp:
                if (!run.MayGoto())
                    state.Next = at + 1 + insn.Off;
                break;
            default:
                if (JumpStep.Taken(insn, r))
                    state.Next = at + 1 + insn.Off;
                break;
        }
    }

    private void Call(RunContext run, ref InterpreterState state, int at, in Insn insn, ulong* r)
    {
        if (insn.Src == Op.PseudoCall)
        {
            Enter(ref state, at + 1 + insn.Imm, r);
            return;
        }

        if (insn.Src == 0 && insn.Imm == (int)BpfFuncId.TailCall)
        {
            if (TailCall.TryRun(run, r[1], r[2], r[3], r[Op.R10], out ulong result))
            {
                r[0] = result;
                Leave(ref state, r);
            }

            return;
        }

        bool announce = (_program.Facts[at].Flags & InsnFlags.MapValueHelperStore) != 0;
        if (announce)
            Announce(run, insn, r, TrackedStores.Before);
        ulong top = run.StackTop;
        run.StackTop = r[Op.R10] - (ulong)_program.Subprogs[state.Subprog].StackDepth;
        r[0] = _calls.Helper(at)(run, r[1], r[2], r[3], r[4], r[5]);
        run.StackTop = top;
        if (announce)
            Announce(run, insn, r, TrackedStores.After);
    }

    private static void Announce(RunContext run, in Insn insn, ulong* r, Action<RunContext, ulong, uint> tell)
    {
        foreach (int argument in ProgramStores.WrittenArguments(insn))
            tell(run, r[Op.R1 + argument], 1);
    }

    private void Enter(ref InterpreterState state, int target, ulong* r)
    {
        if (state.Depth == InterpreterState.MaxFrames)
            throw new InvalidOperationException("A verified program calls deeper than 8 frames.");
        state.Callers[state.Depth++] = new InterpreterState.Frame
        {
            R6 = r[6],
            R7 = r[7],
            R8 = r[8],
            R9 = r[9],
            R10 = r[10],
            Return = state.Next,
            Subprog = state.Subprog,
        };
        r[Op.R10] -= (ulong)_program.Subprogs[state.Subprog].StackDepth;
        state.Subprog = _calls.SubprogAt(target);
        state.Next = target;
    }

    private static void Leave(ref InterpreterState state, ulong* r)
    {
        if (state.Depth == 0)
        {
            state.Done = true;
            return;
        }

        InterpreterState.Frame caller = state.Callers[--state.Depth];
        r[6] = caller.R6;
        r[7] = caller.R7;
        r[8] = caller.R8;
        r[9] = caller.R9;
        r[10] = caller.R10;
        state.Next = caller.Return;
        state.Subprog = caller.Subprog;
    }
}
