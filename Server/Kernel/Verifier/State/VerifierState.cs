namespace WebBpf.Kernel.Verifier.State;

/// <summary>
/// One state of the walk, as struct bpf_verifier_state: frames, references, and how it was reached. States that wait (on the stack of
/// branches) and states that were seen (to prune against) are copies of this, taken from and given back to <see cref="StatePool"/>.
/// </summary>
internal sealed class VerifierState
{
    public const int MaxFrames = 8;

    public readonly FuncState?[] Frames = new FuncState?[MaxFrames];

    /// <summary>How the walk came from <see cref="Parent"/> to here, for backtracking.</summary>
    public readonly List<JumpRecord> History = [];

    /// <summary>What was acquired and not yet released.</summary>
    public readonly List<Reference> References = [];

    public int CurFrame;
    public VerifierState? Parent;

    /// <summary>The state this one was found equal to inside a loop that is not finished.</summary>
    public VerifierState? EqualState;

    /// <summary>Paths from here that are still to be walked; 0 = all of them were safe.</summary>
    public int Branches;

    public int InsnIdx;
    public int FirstInsnIdx;
    public int LastInsnIdx;
    public int DfsDepth;
    public int CallbackUnrollDepth;
    public int MayGotoDepth;

    /// <summary>Set while the state of a speculative path is walked.</summary>
    public bool Speculative;

    public bool InSleepable;

    /// <summary>Dead registers and slots were already forgotten (clean_verifier_state).</summary>
    public bool Cleaned;

    /// <summary>Times this seen state was (not) good enough to prune; decides when it is thrown out.</summary>
    public int HitCount;

    public int MissCount;

    /// <summary>Removed from the list of seen states, but still an ancestor of a living one.</summary>
    public bool InFreeList;

    /// <summary>The instruction a frame stands at: its call where it is not the innermost (frame_insn_idx).</summary>
    public int FrameInsnIdx(int frame) => frame == CurFrame ? InsnIdx : Frames[frame + 1]!.CallSite;

    public FuncState Frame => Frames[CurFrame]!;

    public RegState[] Regs => Frames[CurFrame]!.Regs;

    /// <summary>References to ringbuf records and the like; locks and other sections are not counted (acquired_refs).</summary>
    public int AcquiredReferences => References.Count;
}

/// <summary>One thing acquired: its id and the instruction that acquired it (struct bpf_reference_state).</summary>
internal readonly record struct Reference(uint Id, int InsnIdx);

/// <summary>One step worth remembering (struct bpf_jmp_history_entry).</summary>
internal record struct JumpRecord(int Idx, int PrevIdx)
{
    /// <summary>The slot that was accessed, where <see cref="StackAccess"/>.</summary>
    public byte StackSlot;

    /// <summary>Frame of <see cref="StackSlot"/>.</summary>
    public byte StackFrame;

    /// <summary>The step read or wrote a stack slot through a register (INSN_F_STACK_ACCESS).</summary>
    public bool StackAccess;

    /// <summary>A comparison whose source (or destination) was a stack pointer: it needs no precision (INSN_F_SRC_REG_STACK, INSN_F_DST_REG_STACK).</summary>
    public bool SourceIsStack;

    public bool DestinationIsStack;

    /// <summary>Registers and slots that shared an id with the compared register (linked_regs packed); empty where none.</summary>
    public LinkedRegister[]? Linked;
}

/// <summary>One member of a set of linked values: a register, or a stack slot, of a frame.</summary>
internal readonly record struct LinkedRegister(byte Frame, byte Index, bool IsSlot);
