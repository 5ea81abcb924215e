using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Elf;

namespace WebBpf.Loader.Objects;

/// <summary>Turns .rodata, .data and .bss into array maps with one element, and completes their BTF (as bpf_object__init_internal_map and btf_fixup_datasec in libbpf).</summary>
internal sealed class DataSectionReader(ElfFile elf, ObjectBtf? btf, string objectName)
{
    private const uint FlagReadOnlyForPrograms = 1u << 7;
    private const uint FlagMmapable = 1u << 10;
    private const int MaxName = 15;
    private const ulong MaxSection = 64 << 20;

    public IEnumerable<MapSpec> Read()
    {
        foreach (ElfSection section in elf.Sections)
        {
            bool readOnly = IsOrBelow(section.Name, ".rodata"), zero = IsOrBelow(section.Name, ".bss");
            if (!readOnly && !zero && !IsOrBelow(section.Name, ".data"))
                continue;
            if (section.Type is not (ElfSectionType.ProgBits or ElfSectionType.NoBits) || section.Size == 0)
                continue;
            if (section.Size > MaxSection)
                throw new ObjectFormatException(section.Name, 0, $"{section.Size} bytes of data");
            uint datasec = btf?.FindDataSection(section.Name) ?? 0;
            bool visible = datasec != 0 && btf!.Variables(datasec).Any(v => btf.VarLinkage(v.Type) != 0);
            yield return new MapSpec(MapName(section.Name), BpfMapType.Array)
            {
                KeySize = 4,
                ValueSize = (uint)section.Size,
                MaxEntries = 1,
                Flags = (readOnly ? FlagReadOnlyForPrograms : 0) | (visible ? FlagMmapable : 0),
                BtfValueTypeId = datasec,
                Data = section.Type == ElfSectionType.NoBits ? new byte[section.Size] : section.Data.ToArray(),
                ReadOnly = readOnly,
                Section = section.Index,
            };
        }
    }

    /// <summary>Fills in what clang leaves open: sizes of data sections, offsets of their variables, linkage of hidden functions.</summary>
    public void CompleteBtf()
    {
        if (btf is null)
            return;
        var functions = new HashSet<string>(elf.Symbols
            .Where(s => s.Type == ElfSymbolType.Func && s.Binding != ElfBinding.Local && s.Visibility == ElfSymbol.VisibilityHidden)
            .Select(s => s.Name));
        for (uint id = 1; id <= btf.Count; id++)
        {
            if (btf.Kind(id) == BtfKind.DataSection)
                CompleteSection(id);
            else if (btf.Kind(id) == BtfKind.Func && functions.Contains(btf.Name(id)))
                btf.MakeStatic(id);
        }
    }

    /// <summary>Variables of the data sections that a caller may set before the load.</summary>
    public IEnumerable<GlobalVariable> Globals(IReadOnlyList<MapSpec> maps)
    {
        for (int i = 0; i < maps.Count; i++)
        {
            if (!maps[i].IsDataSection || maps[i].BtfValueTypeId == 0)
                continue;
            foreach (DatasecEntry variable in btf!.Variables(maps[i].BtfValueTypeId))
                yield return new GlobalVariable(btf.Name(variable.Type), i, variable.Offset, variable.Size);
        }
    }

    private void CompleteSection(uint id)
    {
        string name = btf!.Name(id);
        if (name is ".ksyms" or ".kconfig")
            throw ObjectFormatException.Gap($"external symbols ({name})");
        ElfSection section = elf.Find(name) ?? throw new ObjectFormatException($".BTF describes section {name}, which the object lacks");
        var variables = btf.Variables(id).Select(variable =>
        {
            string variableName = btf.Name(variable.Type);
            ElfSymbol? symbol = elf.Symbols.FirstOrDefault(s => s.Section == section.Index && s.Name == variableName && s.Type == ElfSymbolType.Object);
            // Static variables may lack a symbol; clang has written their offset.
            return symbol is null ? variable : variable with { Offset = (uint)symbol.Value };
        });
        if (section.Size > uint.MaxValue)
            throw new ObjectFormatException(name, 0, $"{section.Size} bytes");
        btf.SetDataSection(id, (uint)section.Size, [.. variables]);
    }

    private static bool IsOrBelow(string name, string prefix) =>
        name == prefix || (name.StartsWith(prefix, StringComparison.Ordinal) && name[prefix.Length] == '.');

    /// <summary>The object's name and the section's, cut to 15 characters; a section with a name of its own (".data.x") keeps just that.</summary>
    private string MapName(string section)
    {
        string name = section.IndexOf('.', 1) > 0 ? section : objectName[..Math.Min(objectName.Length, MaxName - Math.Max(7, section.Length))] + section;
        name = name[..Math.Min(name.Length, MaxName)];
        return string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' ? c : '_'));
    }
}
