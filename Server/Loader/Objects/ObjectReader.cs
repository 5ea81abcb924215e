using WebBpf.Loader.Elf;
using WebBpf.Loader.Linking;
using WebBpf.Loader.Sections;

namespace WebBpf.Loader.Objects;

/// <summary>
/// From the bytes of a compiled object to a <see cref="BpfObject"/>: ELF, BTF, maps, data sections, functions; then each program is linked.
/// Nothing is created; any bytes give a result or an <see cref="ObjectFormatException"/>.
/// </summary>
public static class ObjectReader
{
    /// <summary>Largest object accepted, bytes.</summary>
    public const int MaxFile = 64 << 20;

    /// <param name="file">The object, as clang -target bpf -g -c writes it.</param>
    /// <param name="name">Its file name; what stands before the first dot names the maps of data sections.</param>
    public static BpfObject Read(ReadOnlyMemory<byte> file, string name)
    {
        if (file.Length > MaxFile)
            throw new ObjectFormatException($"the object has {file.Length} bytes, more than {MaxFile}");
        ElfFile elf = ElfFile.Parse(file);
        ObjectBtf? btf = elf.Find(".BTF") is { } section ? new ObjectBtf(section.Data.ToArray()) : null;
        BtfExt ext = btf is not null && elf.Find(".BTF.ext") is { } extension ? BtfExt.Parse(extension.Data, btf.String) : BtfExt.Empty;

        string shortName = ShortName(name);
        var data = new DataSectionReader(elf, btf, shortName);
        data.CompleteBtf();
        MapSpec[] maps = [.. data.Read(), .. new MapReader(elf, btf).Read()];
        var functions = new FunctionTable(elf);
        var table = new MapTable(maps);
        var programs = new List<ProgramSpec>();
        foreach (Function entry in functions.All.Where(f => f.IsEntry))
            programs.Add(new ProgramLinker(functions, table, ext).Link(entry, SectionNames.Find(entry.Section.Name)!));

        if (programs.Count == 0)
            throw new ObjectFormatException(NothingFound(elf));
        return new BpfObject
        {
            Name = shortName,
            License = License(elf),
            Btf = btf?.Raw,
            Maps = maps,
            Programs = programs,
            Globals = data.Globals(maps).GroupBy(g => g.Name).ToDictionary(g => g.Key, g => g.First()),
        };
    }

    private static string NothingFound(ElfFile elf)
    {
        string[] others = [.. elf.Sections.Where(s => s.IsExecutable && s.Size > 0 && s.Name != ".text").Select(s => s.Name)];
        return others.Length == 0
            ? "the object has no programs (no function in a section named by SEC(...))"
            : $"no section name is one that libbpf knows: {string.Join(", ", others)}";
    }

    private static string License(ElfFile elf) =>
        elf.Find("license") is { } license ? new ByteReader(license.Data, "license").CString(0) : "";

    private static string ShortName(string name)
    {
        string file = Path.GetFileName(name);
        int dot = file.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 ? file[..dot] : file.Length > 0 ? file : "object";
    }
}
