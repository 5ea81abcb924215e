using System.Buffers.Binary;
using System.Text;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>Fields of an info struct by name, by <see cref="InfoTable"/>.</summary>
public readonly ref struct InfoStruct(ObjectKind kind, ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public uint U32(string name) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(name));

    public ulong U64(string name) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(name));

    public string Hex(string name) => Api.Hex.Of(Slice(name));

    public string Text(string name)
    {
        ReadOnlySpan<byte> text = Slice(name);
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    private ReadOnlySpan<byte> Slice(string name)
    {
        foreach (AttrField field in InfoTable.Of(kind).Fields)
        {
            if (field.Name == name)
                return _bytes.Slice(field.Offset, field.Size);
        }

        throw new ArgumentException($"The info of a {kind} has no field {name}.", nameof(name));
    }
}
