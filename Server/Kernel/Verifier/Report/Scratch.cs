namespace WebBpf.Kernel.Verifier.Report;

/// <summary>
/// Which registers and stack slots changed since the log last showed the state: it shows only those. One set for all frames, as
/// scratched_regs and scratched_stack_slots of struct bpf_verifier_env (6.18).
/// </summary>
internal sealed class Scratch
{
    private uint _regs;
    private ulong _slots;

    /// <summary>Something is to be shown (verifier_state_scratched).</summary>
    public bool Any => _regs != 0 || _slots != 0;

    public void MarkReg(int regno) => _regs |= 1u << regno;

    /// <summary>A slot of 8 bytes, 0 being the one at fp-8.</summary>
    public void MarkSlot(int slot) => _slots |= 1UL << slot;

    public void MarkAll()
    {
        _regs = uint.MaxValue;
        _slots = ulong.MaxValue;
    }

    public void Clear()
    {
        _regs = 0;
        _slots = 0;
    }

    public bool HasReg(int regno) => (_regs >> regno & 1) != 0;

    public bool HasSlot(int slot) => (_slots >> slot & 1) != 0;
}
