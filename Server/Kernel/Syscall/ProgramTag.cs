using System.Security.Cryptography;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// The tag of a program: the first 8 bytes of the SHA-256 over its instructions as they were loaded, with descriptors of maps blanked
/// (bpf_prog_calc_tag in kernel/bpf/core.c; SHA-1 before 6.18).
/// </summary>
internal static class ProgramTag
{
    private const int PseudoMapFd = 1;
    private const int PseudoMapValue = 2;

    public static byte[] Of(ReadOnlySpan<Insn> insns)
    {
        Insn[] blanked = insns.ToArray();
        for (int i = 0; i < blanked.Length; i++)
        {
            if (!blanked[i].IsLdImm64 || blanked[i].Src is not (PseudoMapFd or PseudoMapValue))
                continue;
            blanked[i] = blanked[i] with { Imm = 0 };
            if (i + 1 < blanked.Length && blanked[i + 1] is { Code: 0, Regs: 0, Off: 0 })
            {
                blanked[i + 1] = blanked[i + 1] with { Imm = 0 };
                i++;
            }
        }

        return SHA256.HashData(Insn.ToBytes(blanked))[..8];
    }
}
