namespace WebBpf.Loader.Elf;

/// <summary>
/// A relocatable ELF64 file for BPF, as clang -target bpf writes it: sections, symbols, relocations (System V ABI; e_machine 247).
/// Parsing checks every offset; what it returns can be used without further checks of ranges.
/// </summary>
public sealed class ElfFile
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const int MachineBpf = 247;
    private const int MaxSections = 16384;
    private const int MaxSymbols = 1 << 20;

    private ElfFile(ElfSection[] sections, ElfSymbol[] symbols)
    {
        Sections = sections;
        Symbols = symbols;
    }

    /// <summary>All sections by index; the first is the null section.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>The symbol table, by index; the first is the null symbol.</summary>
    public IReadOnlyList<ElfSymbol> Symbols { get; }

    public ElfSection? Find(string name) => Sections.FirstOrDefault(s => s.Name == name && s.Type != ElfSectionType.Null);

    /// <summary>Parses a file. Throws <see cref="ObjectFormatException"/> for anything that is no such file.</summary>
    public static ElfFile Parse(ReadOnlyMemory<byte> file)
    {
        var reader = new ByteReader(file, "ELF header");
        CheckHeader(reader);
        ElfSection[] sections = ReadSections(file, reader);
        return new ElfFile(sections, ReadSymbols(sections));
    }

    /// <summary>Relocations that apply to a section, in the order of the file.</summary>
    public IReadOnlyList<ElfRelocation> RelocationsOf(ElfSection section)
    {
        var found = new List<ElfRelocation>();
        foreach (ElfSection table in Sections.Where(s => s.Type is ElfSectionType.Rel or ElfSectionType.Rela && s.Info == (uint)section.Index))
        {
            int entry = table.Type == ElfSectionType.Rel ? 16 : 24;
            if (table.Data.Length % entry != 0)
                throw new ObjectFormatException(table.Name, table.Data.Length, $"its size is no multiple of {entry}");
            var reader = new ByteReader(table.Data, table.Name);
            for (int at = 0; at < table.Data.Length; at += entry)
            {
                ulong info = reader.U64(at + 8);
                uint symbol = (uint)(info >> 32);
                ulong offset = reader.U64(at);
                if (symbol >= Symbols.Count)
                    throw new ObjectFormatException(table.Name, at, $"symbol {symbol} does not exist");
                if (offset >= (ulong)section.Data.Length)
                    throw new ObjectFormatException(table.Name, at, $"offset 0x{offset:x} is outside section {section.Name}");
                found.Add(new ElfRelocation((int)offset, (uint)info, Symbols[(int)symbol], entry == 24 ? (long)reader.U64(at + 16) : 0));
            }
        }

        return found;
    }

    private static void CheckHeader(ByteReader reader)
    {
        if (reader.Length < HeaderSize || reader.U32(0) != 0x464c457f)
            throw new ObjectFormatException("ELF header", 0, "this is no ELF file");
        if (reader.U8(4) != 2)
            throw new ObjectFormatException("ELF header", 4, "not a 64-bit file");
        if (reader.U8(5) != 1)
            throw new ObjectFormatException("ELF header", 5, "not little-endian");
        if (reader.U16(16) != 1)
            throw new ObjectFormatException("ELF header", 16, $"type {reader.U16(16)} is not relocatable (compile with -c)");
        if (reader.U16(18) is not (MachineBpf or 0))
            throw new ObjectFormatException("ELF header", 18, $"machine {reader.U16(18)} is not BPF (compile with -target bpf)");
    }

    private static ElfSection[] ReadSections(ReadOnlyMemory<byte> file, ByteReader reader)
    {
        ulong start = reader.U64(40);
        int size = reader.U16(58), count = reader.U16(60), names = reader.U16(62);
        if (count == 0 || count > MaxSections)
            throw new ObjectFormatException("ELF header", 60, $"{count} sections");
        if (size != SectionHeaderSize)
            throw new ObjectFormatException("ELF header", 58, $"section headers of {size} bytes, expected {SectionHeaderSize}");
        if (start > (ulong)file.Length || (ulong)count * SectionHeaderSize > (ulong)file.Length - start)
            throw new ObjectFormatException("ELF header", 40, "the section headers lie outside the file");
        if (names >= count)
            throw new ObjectFormatException("ELF header", 62, $"the section of names, {names}, does not exist");

        var headers = new RawSection[count];
        for (int i = 0; i < count; i++)
            headers[i] = ReadSectionHeader(file, reader, (long)start + (i * SectionHeaderSize), i);

        var text = new ByteReader(headers[names].Data, "section names");
        var sections = new ElfSection[count];
        for (int i = 0; i < count; i++)
        {
            RawSection raw = headers[i];
            sections[i] = new ElfSection(i, i == 0 ? "" : text.CString(raw.Name), raw.Type, raw.Flags, raw.Size, raw.Link, raw.Info, raw.Data);
        }

        return sections;
    }

    private static RawSection ReadSectionHeader(ReadOnlyMemory<byte> file, ByteReader reader, long at, int index)
    {
        var type = (ElfSectionType)reader.U32(at + 4);
        ulong offset = reader.U64(at + 24), size = reader.U64(at + 32);
        ReadOnlyMemory<byte> data = default;
        if (type is not (ElfSectionType.NoBits or ElfSectionType.Null))
        {
            if (offset > (ulong)file.Length || size > (ulong)file.Length - offset)
                throw new ObjectFormatException($"section header {index}", at, $"its data (0x{offset:x}, {size} bytes) lies outside the file");
            data = file.Slice((int)offset, (int)size);
        }

        return new RawSection(reader.U32(at), type, reader.U64(at + 8), size, reader.U32(at + 40), reader.U32(at + 44), data);
    }

    private static ElfSymbol[] ReadSymbols(ElfSection[] sections)
    {
        ElfSection? table = sections.FirstOrDefault(s => s.Type == ElfSectionType.SymTab);
        if (table is null)
            throw new ObjectFormatException("there is no symbol table (was the object stripped?)");
        if (table.Link >= (uint)sections.Length || sections[table.Link].Type != ElfSectionType.StrTab)
            throw new ObjectFormatException(table.Name, 0, $"its names, section {table.Link}, are no string table");
        if (table.Data.Length % SymbolSize != 0 || table.Data.Length / SymbolSize > MaxSymbols)
            throw new ObjectFormatException(table.Name, 0, $"a size of {table.Data.Length} bytes is not right");

        var reader = new ByteReader(table.Data, table.Name);
        var names = new ByteReader(sections[table.Link].Data, sections[table.Link].Name);
        var symbols = new ElfSymbol[table.Data.Length / SymbolSize];
        for (int i = 0; i < symbols.Length; i++)
        {
            long at = (long)i * SymbolSize;
            uint name = reader.U32(at);
            byte info = reader.U8(at + 4);
            ushort section = reader.U16(at + 6);
            if (section < ElfSymbol.SpecialSections && section >= sections.Length)
                throw new ObjectFormatException(table.Name, at, $"section {section} does not exist");
            symbols[i] = new ElfSymbol(i, name == 0 ? "" : names.CString(name), (ElfSymbolType)(info & 0xf), (ElfBinding)(info >> 4),
                reader.U8(at + 5) & 3, section, reader.U64(at + 8), reader.U64(at + 16));
        }

        return symbols;
    }

    private readonly record struct RawSection(
        uint Name, ElfSectionType Type, ulong Flags, ulong Size, uint Link, uint Info, ReadOnlyMemory<byte> Data);
}
