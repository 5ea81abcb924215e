using System.Buffers.Binary;
using System.Text;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Loader.Loading;

/// <summary>Fills in a union bpf_attr by the names of its fields; what pointers refer to lies in the builder's own user memory.</summary>
public sealed class AttrBuilder(BpfCommand command)
{
    private readonly byte[] _bytes = new byte[AttrTable.AttrSize];

    public BpfCommand Command { get; } = command;

    public UserMemoryArena Memory { get; } = new();

    /// <summary>The attr as it is now: after a call, with what the kernel wrote back.</summary>
    public Span<byte> Bytes => _bytes;

    /// <summary>Sets a field of 4 or 8 bytes.</summary>
    public AttrBuilder Set(string field, ulong value)
    {
        Span<byte> place = Place(field);
        if (place.Length == 8)
            BinaryPrimitives.WriteUInt64LittleEndian(place, value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(place, (uint)value);
        return this;
    }

    /// <summary>Sets a field of characters; a longer name is cut, as libbpf does.</summary>
    public AttrBuilder SetName(string field, string name)
    {
        Span<byte> place = Place(field);
        byte[] text = Encoding.UTF8.GetBytes(name);
        place.Clear();
        text.AsSpan(0, Math.Min(text.Length, place.Length - 1)).CopyTo(place);
        return this;
    }

    /// <summary>Points a field at a NUL-terminated string.</summary>
    public AttrBuilder SetText(string field, string text) => Set(field, Memory.Copy(text));

    /// <summary>Points a field at a copy of bytes.</summary>
    public AttrBuilder SetBytes(string field, ReadOnlySpan<byte> bytes) => Set(field, Memory.Copy(bytes));

    /// <summary>Points a field at a zeroed buffer, which the kernel may fill.</summary>
    public AttrBuilder SetBuffer(string field, int length, out UserBuffer buffer)
    {
        buffer = Memory.Allocate(length);
        return Set(field, buffer.Address);
    }

    /// <summary>Reads a field of 4 or 8 bytes.</summary>
    public ulong Get(string field)
    {
        Span<byte> place = Place(field);
        return place.Length == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(place) : BinaryPrimitives.ReadUInt32LittleEndian(place);
    }

    private Span<byte> Place(string field)
    {
        AttrField found = AttrTable.Find(Command)?.Fields.FirstOrDefault(f => f.Name == field)
            ?? throw new ArgumentException($"{UapiName.Of(Command)} has no field {field}", nameof(field));
        return _bytes.AsSpan(found.Offset, found.Size);
    }
}
