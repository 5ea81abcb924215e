namespace WebBpf.Kernel.Verifier.State;

/// <summary>What one byte of the stack holds, as enum bpf_stack_slot_type.</summary>
internal enum SlotType : byte
{
    Invalid,
    Spill,
    Misc,
    Zero,
    Dynptr,
    Iter,
    IrqFlag,
}

/// <summary>
/// Eight bytes of stack, as struct bpf_stack_state. Byte i of <see cref="Types"/> is the kind of the byte at frame offset
/// <c>-(8 * slot) - i - 1</c>: byte 7 has the lowest address.
/// </summary>
internal struct StackSlot
{
    public const int Size = 8;

    private const ulong EachByte = 0x0101_0101_0101_0101;

    /// <summary>The spilled register where <see cref="IsSpill"/>.</summary>
    public RegState Spilled;

    /// <summary>Eight <see cref="SlotType"/>s, a byte each.</summary>
    public ulong Types;

    /// <summary>A register was spilled here, whole or its lower part (is_spilled_reg).</summary>
    public readonly bool IsSpill => (SlotType)(Types >> 56) == SlotType.Spill;

    /// <summary>All eight bytes belong to a spilled register.</summary>
    public readonly bool IsWholeSpill => Types == EachByte * (ulong)SlotType.Spill;

    /// <summary>A scalar was spilled here (is_spilled_scalar_reg).</summary>
    public readonly bool IsScalarSpill => IsSpill && Spilled.Type == RegType.Scalar;

    /// <summary>A scalar that fills the slot (is_spilled_scalar_reg64).</summary>
    public readonly bool IsScalarSpill64 => (SlotType)(byte)Types == SlotType.Spill && Spilled.Type == RegType.Scalar;

    public readonly SlotType this[int i] => (SlotType)(byte)(Types >> (i * 8));

    public void Set(int i, SlotType type) => Types = (Types & ~(0xffUL << (i * 8))) | ((ulong)type << (i * 8));

    public void SetAll(SlotType type) => Types = EachByte * (ulong)type;

    /// <summary>Forgets a spill: its bytes become plain data (scrub_spilled_slot), unless they were already unusable.</summary>
    public void Scrub(int i)
    {
        if (this[i] != SlotType.Invalid)
            Set(i, SlotType.Misc);
    }
}
