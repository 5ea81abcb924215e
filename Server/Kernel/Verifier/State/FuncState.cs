using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.State;

/// <summary>Registers and stack of one frame, as struct bpf_func_state. Pooled: <see cref="CopyFrom"/> reuses what is there.</summary>
internal sealed class FuncState
{
    public const int MaxStackSlots = 512 / StackSlot.Size;

    public readonly RegState[] Regs = new RegState[Op.MaxRegs];

    public StackSlot[] Stack = [];

    /// <summary>Slots in use; deeper ones were never touched.</summary>
    public int StackSlots;

    /// <summary>Instruction that called this frame; -1 for the outermost.</summary>
    public int CallSite = -1;

    public int FrameNo;
    public int SubprogNo;

    /// <summary>Times a callback of this call site was simulated.</summary>
    public int CallbackDepth;

    /// <summary>The range R0 must have at the callback's end.</summary>
    public ReturnRange CallbackReturn = new(0, 1);

    public bool InCallback;
    public bool InAsyncCallback;
    public bool InExceptionCallback;

    /// <summary>A fresh frame: nothing is known but the frame pointer (init_func_state, init_reg_state).</summary>
    public void Init(int callSite, int frameNo, int subprogNo)
    {
        CallSite = callSite;
        FrameNo = frameNo;
        SubprogNo = subprogNo;
        CallbackDepth = 0;
        CallbackReturn = new ReturnRange(0, 1);
        InCallback = InAsyncCallback = InExceptionCallback = false;
        StackSlots = 0;
        for (int i = 0; i < Regs.Length; i++)
        {
            Regs[i] = default;
            Regs[i].SetNotInit();
            Regs[i].SubregDef = 0;
        }

        ref RegState fp = ref Regs[Op.R10];
        fp = default;
        fp.Type = RegType.PtrToStack;
        fp.FrameNo = frameNo;
    }

    public void CopyFrom(FuncState other)
    {
        CallSite = other.CallSite;
        FrameNo = other.FrameNo;
        SubprogNo = other.SubprogNo;
        CallbackDepth = other.CallbackDepth;
        CallbackReturn = other.CallbackReturn;
        InCallback = other.InCallback;
        InAsyncCallback = other.InAsyncCallback;
        InExceptionCallback = other.InExceptionCallback;
        other.Regs.CopyTo(Regs, 0);
        if (Stack.Length < other.StackSlots)
            Stack = new StackSlot[Math.Min(MaxStackSlots, Math.Max(other.StackSlots, 8))];
        Array.Copy(other.Stack, Stack, other.StackSlots);
        StackSlots = other.StackSlots;
    }

    /// <summary>Makes the slots up to a depth in bytes usable (grow_stack_state).</summary>
    public void GrowStack(int bytes)
    {
        int slots = (bytes + StackSlot.Size - 1) / StackSlot.Size;
        if (slots <= StackSlots)
            return;
        if (slots > Stack.Length)
            Array.Resize(ref Stack, Math.Max(slots, Math.Min(MaxStackSlots, Stack.Length * 2)));
        Array.Clear(Stack, StackSlots, slots - StackSlots);
        StackSlots = slots;
    }
}

/// <summary>A range of return values of a frame (struct bpf_retval_range).</summary>
internal readonly record struct ReturnRange(int Min, int Max);
