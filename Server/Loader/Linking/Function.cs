using WebBpf.Kernel.Isa;
using WebBpf.Loader.Elf;

namespace WebBpf.Loader.Linking;

/// <summary>One function of the object: instructions [Start, End) of an executable section.</summary>
internal sealed record Function(string Name, ElfSection Section, int Start, int End, bool IsEntry)
{
    public int Length => End - Start;

    public Insn[] Insns { get; } = Insn.FromBytes(Section.Data.Span[(Start * Insn.Size)..(End * Insn.Size)]);
}
