using System.Text;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Prune;
using WebBpf.Kernel.Verifier.Report;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>How an instruction uses a register (enum reg_arg_type).</summary>
internal enum RegUse
{
    /// <summary>Reads it.</summary>
    Source,

    /// <summary>Overwrites it with something unknown.</summary>
    Destination,

    /// <summary>Overwrites it; the caller says with what.</summary>
    DestinationNoMark,
}

/// <summary>
/// What all checks of the walk share: the current state, where it stands, ids, the stack of branches that wait, and the log.
/// As the parts of struct bpf_verifier_env that do_check changes.
/// </summary>
internal sealed class Walker
{
    /// <summary>BPF_COMPLEXITY_LIMIT_JMP_SEQ.</summary>
    private const int MaxWaiting = 8192;

    private const uint FlagStrictAlignment = 1u << 0;
    private const uint FlagAnyAlignment = 1u << 1;
    private const uint FlagTestStateFreq = 1u << 3;
    private const uint FlagTestRegInvariants = 1u << 7;

    private readonly Stack<Waiting> _waiting = [];

    public Walker(VerifierEnv env)
    {
        Env = env;
        uint flags = env.Request.Program.Flags;
        StrictAlignment = (flags & FlagStrictAlignment) != 0 && (flags & FlagAnyAlignment) == 0;
        TestStateFreq = (flags & FlagTestStateFreq) != 0;
        Pool = new StatePool();
        Scratch = new Scratch();
        Text = new InsnText(env, Scratch);
        Precision = new Precision(this);
        Liveness = new StackLiveness(this);
        Seen = new SeenStates(this);
        TestRegInvariants = (flags & FlagTestRegInvariants) != 0;
        Current = Pool.NewState();
    }

    public VerifierEnv Env { get; }
    public VerifierLog Log => Env.Log;
    public StatePool Pool { get; }
    public Scratch Scratch { get; }
    public InsnText Text { get; }
    public Precision Precision { get; }
    public StackLiveness Liveness { get; }
    public SeenStates Seen { get; }

    /// <summary>The walk has begun: verdicts may name an instruction and registers.</summary>
    public bool Walked { get; set; }
    public VerifierState Current { get; private set; }
    public FuncState Frame => Current.Frames[Current.CurFrame]!;
    public RegState[] Regs => Current.Frames[Current.CurFrame]!.Regs;

    /// <summary>Instruction that is judged.</summary>
    public int InsnIdx { get; set; }

    /// <summary>The one judged before it, -1 at the start of a function.</summary>
    public int PrevInsnIdx { get; set; }

    /// <summary>Index of the record that the current step has in <see cref="VerifierState.History"/>, -1 where none (cur_hist_ent).</summary>
    public int CurrentRecord { get; set; } = -1;

    /// <summary>Instructions judged on all paths.</summary>
    public uint InsnsProcessed { get; set; }

    /// <summary>Jumps judged on all paths.</summary>
    public uint JumpsProcessed { get; set; }

    /// <summary>The last id given to a value or reference (id_gen).</summary>
    public uint LastId { get; private set; }

    /// <summary>The program writes packets directly.</summary>
    public bool SeenDirectWrite { get; set; }

    public bool StrictAlignment { get; }
    public bool TestStateFreq { get; }
    public bool TestRegInvariants { get; }
    public bool AllowPointerLeaks => Env.Request.Program.PerfmonCapable;
    public bool AllowUninitStack => Env.Request.Program.PerfmonCapable;
    public bool BpfCapable => Env.Request.Program.BpfCapable;

    /// <summary>Logs each step (BPF_LOG_LEVEL1 or 2).</summary>
    public bool Logs => Log.Has(VerifierLog.Level1 | VerifierLog.Level2);

    /// <summary>Logs the inner workings too.</summary>
    public bool Logs2 => Log.Has(VerifierLog.Level2);

    /// <summary>A new id for values and references.</summary>
    public uint NextId() => ++LastId;

    /// <summary>An instruction as the log writes it, without its index.</summary>
    public void PrintInsn(int insnIdx)
    {
        var text = new StringBuilder();
        Disassembler.Append(text, Env.Insns, insnIdx, null, AllowPointerLeaks);
        Log.Write(text.Append('\n').ToString());
    }

    /// <summary>A frame of any state (print_verifier_state).</summary>
    public void PrintState(VerifierState state, FuncState frame, bool printAll)
    {
        var text = new StringBuilder();
        StateText.Append(text, frame, state, printAll, Scratch);
        Log.Write(text.ToString());
    }

    public void PrintSource(int insnIdx) => Text.Source(insnIdx, "; ");

    /// <summary>A contradiction that cannot happen, as verifier_bug(): the load fails with EFAULT.</summary>
    public int Bug(string what)
    {
        Log.Write($"verifier bug: {what}\n");
        return -Errno.EFAULT;
    }

    /// <summary>Checks and notes the use of a register (check_reg_arg).</summary>
    public int CheckReg(int regno, RegUse use)
    {
        if (regno >= Op.MaxRegs)
        {
            Log.Write($"R{regno} is invalid\n");
            return -Errno.EINVAL;
        }

        Scratch.MarkReg(regno);
        ref RegState reg = ref Regs[regno];
        if (use == RegUse.Source)
        {
            if (reg.Type != RegType.NotInit)
                return 0;
            Log.Write($"R{regno} !read_ok\n");
            return -Errno.EACCES;
        }

        if (regno == Op.R10)
        {
            Log.Write("frame pointer is read only\n");
            return -Errno.EACCES;
        }

        if (use == RegUse.Destination)
            MarkUnknown(ref reg);
        return 0;
    }

    /// <summary>An unknown scalar (mark_reg_unknown): precise from the start for callers without CAP_BPF.</summary>
    public void MarkUnknown(ref RegState reg)
    {
        reg.SetUnknown();
        reg.Precise = !BpfCapable;
    }

    /// <summary>A pointer to a struct of the kernel that was found in another one (mark_btf_ld_reg).</summary>
    public void MarkKernelObject(ref RegState reg, BtfObject btf, in WalkResult found)
    {
        RegType flags = found.Tag switch
        {
            "user" => RegType.User,
            "percpu" => RegType.Percpu,
            "rcu" => RegType.Rcu,
            _ => 0,
        };
        reg = default;
        reg.SetKnown(0);
        reg.Type = RegType.PtrToBtfId | flags | (found.ThroughUnion ? RegType.Untrusted : 0);
        reg.Object = Env.TypeOf(btf, found.Type);
    }

    /// <summary>The scalar 0 (__mark_reg_const_zero).</summary>
    public void MarkZero(ref RegState reg)
    {
        reg = default;
        reg.SetConst(0);
        reg.Precise = !BpfCapable;
    }

    /// <summary>Whether a register holds something that must not leak to user space (is_pointer_value).</summary>
    public bool IsPointer(int regno) => IsPointer(Regs[regno]);

    public bool IsPointer(in RegState reg) => !AllowPointerLeaks && reg.Type != RegType.Scalar;

    /// <summary>A frame that a stack pointer points into (func()).</summary>
    public FuncState FrameOf(in RegState reg) => Current.Frames[reg.FrameNo]!;

    /// <summary>Notes what the current step did for backtracking (push_jmp_history).</summary>
    public void Record(bool stackAccess = false, int slot = 0, int frame = 0, LinkedRegister[]? linked = null, bool sourceIsStack = false, bool destinationIsStack = false)
    {
        List<JumpRecord> history = Current.History;
        bool merge = CurrentRecord >= 0;
        JumpRecord record = merge ? history[CurrentRecord] : new JumpRecord(InsnIdx, PrevInsnIdx);
        record.StackAccess |= stackAccess;
        record.SourceIsStack |= sourceIsStack;
        record.DestinationIsStack |= destinationIsStack;
        if (stackAccess)
        {
            record.StackSlot = (byte)slot;
            record.StackFrame = (byte)frame;
        }

        record.Linked = linked;
        if (merge)
        {
            history[CurrentRecord] = record;
        }
        else
        {
            history.Add(record);
            CurrentRecord = history.Count - 1;
        }
    }

    /// <summary>
    /// Remembers a copy of the current state to be walked later from <paramref name="insnIdx"/> (push_stack). Null where too many wait: the message
    /// is written and the caller ends with E2BIG... as the kernel words it, EFAULT.
    /// </summary>
    public VerifierState? Push(int insnIdx, int prevInsnIdx)
    {
        VerifierState copy = Pool.Copy(Current);
        _waiting.Push(new Waiting(copy, insnIdx, prevInsnIdx, Log.Length));
        if (copy.Parent is not null)
            copy.Parent.Branches++;
        if (_waiting.Count <= MaxWaiting)
            return copy;
        Log.Write($"The sequence of {_waiting.Count} jumps is too complex.\n");
        return null;
    }

    /// <summary>Takes up the branch that was remembered last (pop_stack); false where none is left.</summary>
    public bool Pop(bool dropLog)
    {
        if (!_waiting.TryPop(out Waiting next))
            return false;
        if (dropLog)
            Log.Reset(next.LogMark);
        Pool.Free(Current);
        Current = next.State;
        InsnIdx = next.InsnIdx;
        PrevInsnIdx = next.PrevInsnIdx;
        return true;
    }

    /// <summary>Starts over with one fresh frame for a function.</summary>
    public void Start(int subprog)
    {
        VerifierState state = Pool.NewState();
        state.Branches = 1;
        state.CurFrame = 0;
        state.FirstInsnIdx = state.LastInsnIdx = -1;
        state.Frames[0] = Pool.NewFrame();
        state.Frames[0]!.Init(-1, 0, subprog);
        Pool.Free(Current);
        Current = state;
        InsnIdx = Env.Subprogs[subprog].Start;
        PrevInsnIdx = -1;
        state.FirstInsnIdx = InsnIdx;
        CurrentRecord = -1;
        Scratch.MarkAll();
        Liveness.ResetCallChain();
    }

    /// <summary>Frees what still waits.</summary>
    public void DropWaiting()
    {
        while (_waiting.TryPop(out Waiting next))
            Pool.Free(next.State);
    }

    private readonly record struct Waiting(VerifierState State, int InsnIdx, int PrevInsnIdx, int LogMark);
}
