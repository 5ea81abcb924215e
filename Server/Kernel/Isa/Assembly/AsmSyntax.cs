using System.Text;

namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>
/// The names that make a disassembly lossless: pseudo sources of 64-bit loads and calls of kernel functions as the assembler
/// reads them. What is no well-formed instruction becomes <c>.insn</c>.
/// </summary>
public sealed class AsmSyntax : IDisasmNames
{
    public static AsmSyntax Instance { get; } = new();

    private AsmSyntax()
    {
    }

    public string? Call(in Insn insn, int index) => null;

    public string? Imm64(in Insn insn, int index, ulong value)
    {
        int low = (int)value;
        int high = (int)(value >> 32);
        return insn.Src switch
        {
            Op.PseudoMapFd => $"map_fd[{low}] ll",
            Op.PseudoMapValue => $"map_fd_value[{low}]+{(uint)high} ll",
            Op.PseudoBtfId => high == 0 ? $"btf[{low}] ll" : $"btf[{low}, {high}] ll",
            Op.PseudoFunc => $"func[{(low < 0 ? "" : "+")}{low}] ll",
            Op.PseudoMapIdx => $"map_idx[{low}] ll",
            Op.PseudoMapIdxValue => $"map_idx_value[{low}]+{(uint)high} ll",
            _ => null,
        };
    }

    /// <summary>A source text that assembles to exactly these instructions, whatever they are.</summary>
    public static string ToSource(ReadOnlySpan<Insn> insns)
    {
        var text = new StringBuilder(insns.Length * 32);
        for (int i = 0; i < insns.Length; i++)
        {
            if (!IsLossless(insns, i))
            {
                AppendRaw(text, insns[i]);
            }
            else if (insns[i].IsKfuncCall())
            {
                text.Append("(85) call kfunc[").Append(insns[i].Imm);
                text.Append(insns[i].Off == 0 ? "]" : $", {insns[i].Off}]");
            }
            else
            {
                Disassembler.Append(text, insns, i, Instance);
                i += insns[i].Slots() - 1;
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static bool IsLossless(ReadOnlySpan<Insn> insns, int index)
    {
        ref readonly Insn insn = ref insns[index];
        if (!OpcodeTable.IsWellFormed(insn))
            return insn.IsPercpuAddress() && insn.Dst <= Op.R10 && insn.Src <= Op.R10 && insn.Imm == 0;
        if (!insn.IsLdImm64)
            return true;
        if (insn.Off != 0 || index + 1 >= insns.Length || insns[index + 1] is not { Code: 0, Regs: 0, Off: 0 } second)
            return false;
        return second.Imm == 0 || insn.Src is 0 or Op.PseudoMapValue or Op.PseudoMapIdxValue or Op.PseudoBtfId;
    }

    private static void AppendRaw(StringBuilder text, in Insn insn) =>
        text.Append($".insn code=0x{insn.Code:x2} dst={insn.Dst} src={insn.Src} off={insn.Off} imm={insn.Imm}");
}
