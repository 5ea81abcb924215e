using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>The rewritten instructions as the kernel shows them: addresses of maps become map ids again (bpf_insn_prepare_dump).</summary>
internal static class XlatedDump
{
    private const int PseudoMapFd = 1;
    private const int PseudoMapValue = 2;
    private const byte ProbeMem = 0x20;
    private const byte ModeMask = 0xe0;

    /// <summary>8 bytes per instruction.</summary>
    public static byte[] Of(VerifiedProgram program)
    {
        Insn[] insns = [.. program.Insns];
        for (int i = 0; i < insns.Length; i++)
        {
            Insn insn = insns[i];
            if (insn.Class == Op.Ldx && (insn.Code & ModeMask) == ProbeMem)
                insns[i] = insn with { Code = (byte)((insn.Code & ~ModeMask) | Op.Mem) };
            if (!insn.IsLdImm64 || i + 1 >= insns.Length)
                continue;
            ulong address = (uint)insn.Imm | (ulong)(uint)insns[i + 1].Imm << 32;
            if (Find(program, i, address) is { } found)
            {
                insns[i] = new Insn(insn.Code, insn.Dst, found.Offset < 0 ? PseudoMapFd : PseudoMapValue, insn.Off, (int)found.Map.Id);
                insns[i + 1] = insns[i + 1] with { Imm = Math.Max(0, found.Offset) };
            }

            i++;
        }

        return Insn.ToBytes(insns);
    }

    // The map whose header (offset -1) or values the load means.
    private static (BpfMap Map, int Offset)? Find(VerifiedProgram program, int index, ulong address)
    {
        InsnFlags flags = program.Facts[index].Flags;
        if ((flags & (InsnFlags.MapLoad | InsnFlags.MapValueLoad)) == 0)
            return null;
        foreach (BpfMap map in program.UsedMaps)
        {
            if ((flags & InsnFlags.MapLoad) != 0)
            {
                if (map.Address == address)
                    return (map, -1);
            }
            else if (map.DirectValueAddress(0, out ulong values) == 0 && address - values < map.ValueSize)
            {
                return (map, (int)(address - values));
            }
        }

        return null;
    }
}
