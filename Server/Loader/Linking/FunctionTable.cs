using WebBpf.Kernel.Isa;
using WebBpf.Loader.Elf;
using WebBpf.Loader.Sections;

namespace WebBpf.Loader.Linking;

/// <summary>The functions of an object by section and start, with the relocations of their instructions.</summary>
internal sealed class FunctionTable
{
    private readonly Dictionary<(int Section, int Start), Function> _byStart = [];
    private readonly Dictionary<(int Section, int Insn), ElfRelocation> _relocations = [];

    public FunctionTable(ElfFile elf)
    {
        foreach (ElfSection section in elf.Sections.Where(s => s.IsExecutable && s.Type == ElfSectionType.ProgBits && s.Data.Length > 0))
        {
            if (section.Data.Length % Insn.Size != 0)
                throw new ObjectFormatException(section.Name, section.Data.Length, "its size is no multiple of 8");
            AddFunctions(elf, section);
            foreach (ElfRelocation relocation in elf.RelocationsOf(section))
            {
                if (relocation.Offset % Insn.Size != 0)
                    throw new ObjectFormatException(section.Name, relocation.Offset, "a relocation inside an instruction");
                _relocations[(section.Index, relocation.Offset / Insn.Size)] = relocation;
            }
        }
    }

    /// <summary>Functions in the order of the file.</summary>
    public IEnumerable<Function> All => _byStart.Values.OrderBy(f => f.Section.Index).ThenBy(f => f.Start);

    public Function? Find(int section, int start) => _byStart.GetValueOrDefault((section, start));

    public bool TryGetRelocation(Function function, int insn, out ElfRelocation relocation) =>
        _relocations.TryGetValue((function.Section.Index, function.Start + insn), out relocation);

    private void AddFunctions(ElfFile elf, ElfSection section)
    {
        bool named = SectionNames.Find(section.Name) is not null;
        foreach (ElfSymbol symbol in elf.Symbols.Where(s => s.Type == ElfSymbolType.Func && s.Section == section.Index))
        {
            ulong length = (ulong)section.Data.Length;
            if (symbol.Value % Insn.Size != 0 || symbol.Size % Insn.Size != 0 || symbol.Size == 0
                || symbol.Value > length || symbol.Size > length - symbol.Value)
                throw new ObjectFormatException(section.Name, (long)symbol.Value, $"function {symbol.Name} of {symbol.Size} bytes does not fit its section");
            int start = (int)(symbol.Value / Insn.Size), end = start + (int)(symbol.Size / Insn.Size);
            bool entry = named && symbol.Binding != ElfBinding.Local;
            if (!_byStart.TryAdd((section.Index, start), new Function(symbol.Name, section, start, end, entry)))
                throw new ObjectFormatException(section.Name, (long)symbol.Value, $"two functions start here, one is {symbol.Name}");
        }
    }
}
