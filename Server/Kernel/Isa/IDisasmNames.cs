namespace WebBpf.Kernel.Isa;

/// <summary>Names that the instruction alone does not carry, as struct bpf_insn_cbs in kernel/bpf/disasm.h.</summary>
public interface IDisasmNames
{
    /// <summary>What stands between "call " and "#imm" (kfunc), or after "call pc" (subprogram); null for the default.</summary>
    string? Call(in Insn insn, int index);

    /// <summary>What a 64-bit immediate load is shown to load; null for the number in hex.</summary>
    string? Imm64(in Insn insn, int index, ulong value);
}
