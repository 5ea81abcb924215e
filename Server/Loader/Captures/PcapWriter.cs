using System.Buffers.Binary;

namespace WebBpf.Loader.Captures;

/// <summary>Writes classic pcap (little-endian, nanoseconds).</summary>
public static class PcapWriter
{
    public static void WriteHeader(Stream output, int linkType)
    {
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b23c4d);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], CaptureReader.MaxPacket);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], (uint)linkType);
        output.Write(header);
    }

    public static void WritePacket(Stream output, in PacketRecord packet)
    {
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(packet.TimestampNs / 1_000_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)(packet.TimestampNs % 1_000_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], (uint)packet.Data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Math.Max(packet.OriginalLength, (uint)packet.Data.Length));
        output.Write(header);
        output.Write(packet.Data.Span);
    }
}
