using System.Runtime.InteropServices;

namespace WebBpf.Kernel.Isa;

/// <summary>
/// One instruction slot of 8 bytes, as struct bpf_insn in linux/bpf.h. A 64-bit immediate load takes two slots,
/// the second with <see cref="Code"/> 0 and the upper half in <see cref="Imm"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 8)]
public readonly record struct Insn(byte Code, byte Regs, short Off, int Imm)
{
    public const int Size = 8;

    public Insn(int code, int dst, int src, int off, int imm)
        : this((byte)code, (byte)(dst | (src << 4)), (short)off, imm)
    {
    }

    /// <summary>Destination register, 0-10 where valid (the field holds 4 bits).</summary>
    public int Dst => Regs & 0xf;

    /// <summary>Source register or pseudo source, 0-15.</summary>
    public int Src => Regs >> 4;

    /// <summary>Instruction class, the low three bits of the opcode (<see cref="Op.Ldx"/> ...).</summary>
    public int Class => Code & 0x07;

    /// <summary>True for the first slot of a 64-bit immediate load.</summary>
    public bool IsLdImm64 => Code == (Op.Ld | Op.Imm | Op.DW);

    /// <summary>Reads instructions from their wire form; the length must be a multiple of 8.</summary>
    public static Insn[] FromBytes(ReadOnlySpan<byte> bytes) => MemoryMarshal.Cast<byte, Insn>(bytes).ToArray();

    /// <summary>The wire form, 8 bytes each, little-endian.</summary>
    public static byte[] ToBytes(ReadOnlySpan<Insn> insns) => MemoryMarshal.AsBytes(insns).ToArray();
}
