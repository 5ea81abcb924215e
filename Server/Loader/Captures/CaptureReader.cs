using System.Buffers.Binary;

namespace WebBpf.Loader.Captures;

/// <summary>
/// Reads packet captures: classic pcap (both byte orders, micro- and nanoseconds) and pcapng (sections, interfaces, enhanced, simple and
/// old packet blocks). Formats as in draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Throws <see cref="ObjectFormatException"/> for what is neither.
/// </summary>
public static class CaptureReader
{
    /// <summary>No packet is longer than this many bytes (as libpcap's MAXIMUM_SNAPLEN).</summary>
    public const int MaxPacket = 262144;

    /// <summary>Upper bound on packets in one file.</summary>
    public const int MaxPackets = 10_000_000;

    public static IReadOnlyList<PacketRecord> Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length < 4)
            throw new ObjectFormatException("capture", 0, "too short to be a capture");
        return BinaryPrimitives.ReadUInt32LittleEndian(file.Span) switch
        {
            0xa1b2c3d4 => ReadClassic(file, bigEndian: false, nanoseconds: false),
            0xa1b23c4d => ReadClassic(file, bigEndian: false, nanoseconds: true),
            0xd4c3b2a1 => ReadClassic(file, bigEndian: true, nanoseconds: false),
            0x4d3cb2a1 => ReadClassic(file, bigEndian: true, nanoseconds: true),
            0x0a0d0d0a => new PcapNgReader(file).Read(),
            uint magic => throw new ObjectFormatException("capture", 0, $"magic 0x{magic:x8} is neither pcap nor pcapng"),
        };
    }

    private static List<PacketRecord> ReadClassic(ReadOnlyMemory<byte> file, bool bigEndian, bool nanoseconds)
    {
        const int header = 24, record = 16;
        if (file.Length < header)
            throw new ObjectFormatException("pcap header", 0, $"{header} bytes are needed");
        int linkType = (int)(U32(20) & 0x0fff_ffff);
        var packets = new List<PacketRecord>();
        int at = header;
        while (at < file.Length)
        {
            if (file.Length - at < record)
                throw new ObjectFormatException("pcap record", at, "the file ends inside a record header");
            uint seconds = U32(at), fraction = U32(at + 4), captured = U32(at + 8), original = U32(at + 12);
            if (captured > MaxPacket)
                throw new ObjectFormatException("pcap record", at + 8, $"a packet of {captured} bytes");
            if (captured > file.Length - at - record)
                throw new ObjectFormatException("pcap record", at + 8, "the file ends inside a packet");
            ulong time = (seconds * 1_000_000_000UL) + (fraction * (nanoseconds ? 1UL : 1000UL));
            packets.Add(new PacketRecord(time, original, linkType, file.Slice(at + record, (int)captured)));
            at += record + (int)captured;
        }

        return packets;

        uint U32(int offset) => bigEndian
            ? BinaryPrimitives.ReadUInt32BigEndian(file.Span[offset..])
            : BinaryPrimitives.ReadUInt32LittleEndian(file.Span[offset..]);
    }
}
