namespace WebBpf.Kernel.Isa;

/// <summary>Fields of an instruction slot; what a form does not use is reserved and must be zero.</summary>
[Flags]
public enum InsnFields : byte
{
    None = 0,
    Dst = 1,
    Src = 2,
    Off = 4,
    Imm = 8,
}

/// <summary>One row of <see cref="OpcodeTable"/>.</summary>
/// <param name="Code">The opcode byte.</param>
/// <param name="Form">Its shape; <see cref="InsnForm.None"/> where the byte is no instruction.</param>
/// <param name="Operator">What stands between the operands ("+=", "=="), or the word that names the instruction ("be", "exit").</param>
/// <param name="SignedOperator">The operator where off = 1 ("s/="); otherwise <paramref name="Operator"/>.</param>
/// <param name="Width">Type of the memory operand ("u8" ... "s32"); empty where there is none.</param>
/// <param name="Fields">Fields in use.</param>
public readonly record struct OpcodeInfo(byte Code, InsnForm Form, string Operator, string SignedOperator, string Width, InsnFields Fields)
{
    /// <summary>True for a byte that the kernel's table of instructions contains (bpf_opcode_in_insntable, kernel/bpf/core.c, 6.18).</summary>
    public bool IsKnown => Form != InsnForm.None;

    /// <summary>True where registers are written as w0-w10.</summary>
    public bool Is32Bit => (Code & 7) is Op.Alu or Op.Jmp32;
}
