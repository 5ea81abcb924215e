using System.Buffers.Binary;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>A union bpf_attr under construction: fields by their names in the attr table.</summary>
internal sealed class Attr(BpfCommand command, int size = AttrTable.AttrSize)
{
    private readonly AttrCommand _table = AttrTable.Find(command)!;

    public byte[] Bytes { get; } = new byte[Math.Max(size, AttrTable.AttrSize)];

    public BpfCommand Command { get; } = command;

    /// <summary>What is passed as the attr's size.</summary>
    public int Size { get; init; } = size;

    public ulong this[string name]
    {
        get
        {
            AttrField field = Field(name);
            return field.Size == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(field.Offset)) : BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(field.Offset));
        }

        set
        {
            AttrField field = Field(name);
            if (field.Size == 8)
                BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(field.Offset), value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(field.Offset), (uint)value);
        }
    }

    /// <summary>Fills a char array inside the attr.</summary>
    public Attr With(string name, string text)
    {
        System.Text.Encoding.UTF8.GetBytes(text).CopyTo(Bytes, Field(name).Offset);
        return this;
    }

    private AttrField Field(string name) => _table.Find(name) ?? throw new ArgumentException($"{Command} has no field {name}.");
}
