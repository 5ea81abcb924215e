using System.Text;
using WebBpf.Kernel.Isa;

namespace WebBpf.Tests.Kernel.Isa;

/// <summary>Writes docs/instructions.md from the opcode table.</summary>
internal static class InstructionDocs
{
    private static readonly (string Title, InsnForm[] Forms)[] Sections =
    [
        ("Arithmetic", [InsnForm.AluImm, InsnForm.AluReg, InsnForm.Neg]),
        ("Byte order", [InsnForm.ByteOrder, InsnForm.ByteSwap]),
        ("Loads and stores", [InsnForm.LoadMem, InsnForm.LoadMemSx, InsnForm.StoreImm, InsnForm.StoreReg, InsnForm.LoadImm64]),
        ("Loads from the packet", [InsnForm.LoadAbs, InsnForm.LoadInd]),
        ("Atomics", [InsnForm.Atomic]),
        ("Jumps", [InsnForm.Goto, InsnForm.GotoLong, InsnForm.MayGoto, InsnForm.JumpImm, InsnForm.JumpReg]),
        ("Calls and exit", [InsnForm.Call, InsnForm.Exit]),
    ];

    public static string Write()
    {
        var text = new StringBuilder("""
            # Instructions

            Generated from `Server/Kernel/Isa/OpcodeTable.cs`; a test keeps it so (`WEBBPF_DOCS_WRITE=1` writes it). One row for each opcode byte that Linux 6.18 knows,
            as its verifier log writes it. The assembler reads the same syntax, without the opcode in parentheses too.

            An instruction is 8 bytes: `code:8 dst:4 src:4 off:16 imm:32`, little-endian. Fields that a form does not use must be zero.

            """);
        foreach ((string title, InsnForm[] forms) in Sections)
        {
            text.Append($"\n## {title}\n\n| code | written as | fields |\n|---|---|---|\n");
            foreach (OpcodeInfo row in OpcodeTable.All)
            {
                if (!forms.Contains(row.Form))
                    continue;
                foreach (Insn insn in Examples(row))
                    text.Append($"| `{row.Code:x2}` | `{Disassembler.Line([insn, default], 0)[5..].Replace("|", "\\|", StringComparison.Ordinal)}` | {Fields(row)} |\n");
            }
        }

        text.Append("""

            ## Names for the assembler

            | source | meaning |
            |---|---|
            | `r1 = 0x1122334455667788 ll` | 64-bit immediate; `ll` tells it from a move of 32 bits |
            | `r1 = map[name] ll`, `r1 = map_fd[5] ll`, `r1 = map_idx[0] ll` | a map, by name, descriptor or index into `fd_array` |
            | `r1 = map_value[name]+8 ll`, `r1 = map_fd_value[5]+8 ll`, `r1 = map_idx_value[0]+8 ll` | an address inside its values |
            | `r1 = func[label] ll`, `r1 = func[+5] ll` | a subprogram, for callbacks |
            | `r1 = btf[1234] ll`, `r1 = btf[1234, 5] ll` | a kernel variable or function by its BTF id, and the descriptor of a module's BTF |
            | `call bpf_map_lookup_elem`, `call 1`, `call #1` | a helper |
            | `call label`, `call pc+3` | a subprogram |
            | `call kfunc[name]`, `call kfunc[1234]`, `call kfunc[1234, 1]` | a kernel function by name or BTF id, and the index of its module in `fd_array` |
            | `goto label`, `goto +2`, `goto pc+2` | jumps, also `gotol`, `may_goto`, `if ... goto` |
            | `label:` | a place; may stand before an instruction |
            | `.insn code=0x8d dst=1 src=2 off=3 imm=4` | any eight bytes |
            | `.rept 100` ... `.endr` | repetition |
            | `12:`, `(b7)` before an instruction; `;` and `//` | index and opcode as in a log; comments |

            """);
        return text.ToString();
    }

    private static IEnumerable<Insn> Examples(OpcodeInfo row)
    {
        int dst = (row.Fields & InsnFields.Dst) != 0 ? 1 : 0;
        int src = (row.Fields & InsnFields.Src) != 0 && row.Form is not (InsnForm.Call or InsnForm.LoadImm64) ? 2 : 0;
        int off = (row.Fields & InsnFields.Off) != 0 ? 4 : 0;
        var plain = new Insn(row.Code, dst, src, off, (row.Fields & InsnFields.Imm) != 0 ? 1 : 0);
        switch (row.Form)
        {
            case InsnForm.ByteOrder or InsnForm.ByteSwap:
                return ((int[])[16, 32, 64]).Select(bits => plain with { Imm = bits });
            case InsnForm.Atomic:
                return AtomicOperations.All.ToArray().Select(o => plain with { Imm = o.Imm }).Where(i => OpcodeTable.IsWellFormed(i));
            case InsnForm.Call:
                return [plain, plain with { Regs = 0x10 }, plain with { Regs = 0x20 }];
            case InsnForm.AluImm or InsnForm.AluReg:
                return ((short[])[0, 1, 8, 16, 32]).Select(o => plain with { Off = o }).Where(i => OpcodeTable.IsWellFormed(i));
            default:
                return [plain];
        }
    }

    private static string Fields(OpcodeInfo row) => row.Fields == InsnFields.None ? "" : row.Fields.ToString().ToLowerInvariant();
}
