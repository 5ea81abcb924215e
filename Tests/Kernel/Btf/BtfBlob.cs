using System.Text;

namespace WebBpf.Tests.Kernel.Btf;

/// <summary>Builds BTF blobs for tests, type by type; ids count from 1.</summary>
public sealed class BtfBlob
{
    private readonly List<uint> _types = [];
    private readonly List<byte> _strings = [0];
    private uint _count;

    public uint Int(string name, uint size, uint encoding = 1, uint bits = 0) => Type(name, 1, 0, size, false, [(encoding << 24) | (bits == 0 ? size * 8 : bits)]);

    public uint Ptr(uint type) => Type("", 2, 0, type);

    public uint Array(uint element, uint index, uint count) => Type("", 3, 0, 0, false, [element, index, count]);

    public uint Struct(string name, uint size, params (string Name, uint Type, uint Bits)[] members) =>
        Type(name, 4, members.Length, size, false, [.. members.SelectMany(m => new[] { String(m.Name), m.Type, m.Bits })]);

    public uint Union(string name, uint size, params (string Name, uint Type)[] members) =>
        Type(name, 5, members.Length, size, false, [.. members.SelectMany(m => new[] { String(m.Name), m.Type, 0u })]);

    public uint Bitfields(string name, uint size, params (string Name, uint Type, uint Offset, uint Size)[] members) =>
        Type(name, 4, members.Length, size, true, [.. members.SelectMany(m => new[] { String(m.Name), m.Type, m.Offset | (m.Size << 24) })]);

    public uint Enum(string name, bool signed, params (string Name, int Value)[] values) =>
        Type(name, 6, values.Length, 4, signed, [.. values.SelectMany(v => new[] { String(v.Name), (uint)v.Value })]);

    public uint Typedef(string name, uint type) => Type(name, 8, 0, type);

    public uint Const(uint type) => Type("", 10, 0, type);

    public uint Proto(uint result, params (string Name, uint Type)[] parameters) =>
        Type("", 13, parameters.Length, result, false, [.. parameters.SelectMany(p => new[] { String(p.Name), p.Type })]);

    public uint Func(string name, uint proto, int linkage = 1) => Type(name, 12, linkage, proto);

    public uint Type(string name, int kind, int vlen, uint size, bool flag = false, uint[]? more = null)
    {
        _types.AddRange([String(name), ((uint)kind << 24) | (uint)vlen | (flag ? 1u << 31 : 0), size]);
        _types.AddRange(more ?? []);
        return ++_count;
    }

    public uint String(string text)
    {
        if (text.Length == 0)
            return 0;
        var at = (uint)_strings.Count;
        _strings.AddRange(Encoding.UTF8.GetBytes(text));
        _strings.Add(0);
        return at;
    }

    public byte[] Build()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write((ushort)0xeb9f);
        writer.Write((ushort)1);
        writer.Write(24);
        writer.Write(0);
        writer.Write(_types.Count * 4);
        writer.Write(_types.Count * 4);
        writer.Write(_strings.Count);
        _types.ForEach(writer.Write);
        writer.Write(_strings.ToArray());
        return stream.ToArray();
    }
}
