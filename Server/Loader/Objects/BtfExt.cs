using WebBpf.Kernel.Verifier;
using WebBpf.Loader.Elf;

namespace WebBpf.Loader.Objects;

/// <summary>
/// The .BTF.ext section: per ELF section, where functions start (func_info), which source line an instruction comes from (line_info), and how
/// many CO-RE relocations there are. Offsets are in instructions here, bytes in the file (as struct btf_ext_header in libbpf).
/// </summary>
internal sealed class BtfExt
{
    private const int MaxRecords = 1 << 22;

    private readonly Dictionary<string, List<FuncInfo>> _funcs = [];
    private readonly Dictionary<string, List<LineInfo>> _lines = [];
    private readonly Dictionary<string, List<uint>> _relocations = [];

    public static BtfExt Empty { get; } = new();

    public IReadOnlyList<FuncInfo> FuncsOf(string section) => _funcs.GetValueOrDefault(section) ?? [];

    public IReadOnlyList<LineInfo> LinesOf(string section) => _lines.GetValueOrDefault(section) ?? [];

    /// <summary>Instruction offsets of CO-RE relocations.</summary>
    public IReadOnlyList<uint> CoreRelocationsOf(string section) => _relocations.GetValueOrDefault(section) ?? [];

    /// <param name="data">The section.</param>
    /// <param name="nameOf">A string of the BTF by its offset.</param>
    public static BtfExt Parse(ReadOnlyMemory<byte> data, Func<uint, string> nameOf)
    {
        var reader = new ByteReader(data, ".BTF.ext");
        if (reader.U16(0) != 0xeb9f)
            throw new ObjectFormatException(".BTF.ext", 0, $"magic 0x{reader.U16(0):x4}, expected 0xeb9f");
        if (reader.U8(2) != 1)
            throw new ObjectFormatException(".BTF.ext", 2, $"version {reader.U8(2)} is not supported");
        uint header = reader.U32(4);
        if (header < 24)
            throw new ObjectFormatException(".BTF.ext", 4, $"a header of {header} bytes");

        var found = new BtfExt();
        Walk(reader, header, reader.U32(8), reader.U32(12), 8, nameOf, (section, at) =>
            Add(found._funcs, section, new FuncInfo(InsnOffset(reader, at), reader.U32(at + 4))));
        Walk(reader, header, reader.U32(16), reader.U32(20), 16, nameOf, (section, at) =>
            Add(found._lines, section, new LineInfo(InsnOffset(reader, at), reader.U32(at + 4), reader.U32(at + 8), reader.U32(at + 12))));
        if (header >= 32)
            Walk(reader, header, reader.U32(24), reader.U32(28), 16, nameOf, (section, at) =>
                Add(found._relocations, section, InsnOffset(reader, at)));
        return found;
    }

    // rec_size, then for each section: name, count, records
    private static void Walk(ByteReader reader, uint header, uint offset, uint length, uint least, Func<uint, string> nameOf, Action<string, long> record)
    {
        if (length == 0)
            return;
        long at = (long)header + offset, end = at + length;
        reader.Slice(at, length);
        uint size = reader.U32(at);
        if (size < least || size % 4 != 0 || size > 4096)
            throw new ObjectFormatException(".BTF.ext", at, $"records of {size} bytes");
        at += 4;
        while (at < end)
        {
            if (end - at < 8)
                throw new ObjectFormatException(".BTF.ext", at, "a section header is cut off");
            string section = nameOf(reader.U32(at));
            uint count = reader.U32(at + 4);
            if (count == 0 || count > MaxRecords || (ulong)count * size > (ulong)(end - at - 8))
                throw new ObjectFormatException(".BTF.ext", at + 4, $"{count} records do not fit");
            at += 8;
            for (uint i = 0; i < count; i++, at += size)
                record(section, at);
        }
    }

    private static uint InsnOffset(ByteReader reader, long at)
    {
        uint bytes = reader.U32(at);
        return bytes % 8 == 0 ? bytes / 8 : throw new ObjectFormatException(".BTF.ext", at, $"instruction offset {bytes} is no multiple of 8");
    }

    private static void Add<T>(Dictionary<string, List<T>> table, string section, T item)
    {
        if (!table.TryGetValue(section, out List<T>? list))
            table.Add(section, list = []);
        list.Add(item);
    }
}
