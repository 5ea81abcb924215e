using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>Registers and stack slots of each frame that are being traced back to where they came from (struct backtrack_state).</summary>
internal sealed class Backtrack
{
    private readonly uint[] _regs = new uint[VerifierState.MaxFrames];
    private readonly ulong[] _slots = new ulong[VerifierState.MaxFrames];

    public int Frame { get; set; }

    public uint Regs => _regs[Frame];

    public ulong Slots => _slots[Frame];

    public bool IsEmpty
    {
        get
        {
            ulong all = 0;
            for (int i = 0; i <= Frame; i++)
                all |= _regs[i] | _slots[i];
            return all == 0;
        }
    }

    public void Reset()
    {
        Frame = 0;
        Array.Clear(_regs);
        Array.Clear(_slots);
    }

    public uint RegsOf(int frame) => _regs[frame];

    public ulong SlotsOf(int frame) => _slots[frame];

    public bool Has(int reg) => (_regs[Frame] & (1u << reg)) != 0;

    public void Set(int reg) => _regs[Frame] |= 1u << reg;

    public void Clear(int reg) => _regs[Frame] &= ~(1u << reg);

    public void ClearRegs(uint mask) => _regs[Frame] &= ~mask;

    public void SetReg(int frame, int reg) => _regs[frame] |= 1u << reg;

    public void ClearReg(int frame, int reg) => _regs[frame] &= ~(1u << reg);

    public bool HasReg(int frame, int reg) => (_regs[frame] & (1u << reg)) != 0;

    public bool HasSlot(int frame, int slot) => (_slots[frame] & (1UL << slot)) != 0;

    public void SetSlot(int frame, int slot) => _slots[frame] |= 1UL << slot;

    public void ClearSlot(int frame, int slot) => _slots[frame] &= ~(1UL << slot);
}
