using System.Buffers.Binary;

namespace WebBpf.Loader.Elf;

/// <summary>Bounds-checked little-endian reads from a named range of bytes.</summary>
internal readonly struct ByteReader(ReadOnlyMemory<byte> data, string where)
{
    public int Length => data.Length;

    public ReadOnlySpan<byte> Slice(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > data.Length || length > data.Length - offset)
            throw new ObjectFormatException(where, offset, $"{length} bytes are needed, the end is at 0x{data.Length:x}");
        return data.Span.Slice((int)offset, (int)length);
    }

    public byte U8(long offset) => Slice(offset, 1)[0];

    public ushort U16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(offset, 2));

    public uint U32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(offset, 4));

    public ulong U64(long offset) => BinaryPrimitives.ReadUInt64LittleEndian(Slice(offset, 8));

    /// <summary>A NUL-terminated string of at most 4095 bytes.</summary>
    public string CString(long offset)
    {
        ReadOnlySpan<byte> rest = Slice(offset, data.Length - Math.Min(Math.Max(offset, 0), data.Length));
        int end = rest[..Math.Min(rest.Length, 4096)].IndexOf((byte)0);
        if (end < 0)
            throw new ObjectFormatException(where, offset, "a string has no end");
        return System.Text.Encoding.UTF8.GetString(rest[..end]);
    }
}
