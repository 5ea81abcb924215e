using System.Buffers.Binary;

namespace WebBpf.Loader.Captures;

/// <summary>Walks the blocks of one pcapng file.</summary>
internal sealed class PcapNgReader(ReadOnlyMemory<byte> file)
{
    //   0        4        8                      n-4     n
    //   | type   | length | body, padded to 4 ... | length |
    private const uint SectionHeader = 0x0a0d0d0a;
    private const uint InterfaceDescription = 1;
    private const uint OldPacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;
    private const int OptionTimestampResolution = 9;
    private const int OptionTimestampOffset = 14;

    private readonly List<PacketRecord> _packets = [];
    private readonly List<CaptureInterface> _interfaces = [];
    private bool _bigEndian;

    public List<PacketRecord> Read()
    {
        int at = 0;
        while (at < file.Length)
        {
            if (file.Length - at < 12)
                throw new ObjectFormatException("pcapng block", at, "the file ends inside a block header");
            uint type = U32(at);
            if (type == SectionHeader)
                StartSection(at);
            uint length = U32(at + 4);
            if (length < 12 || length % 4 != 0 || length > (uint)(file.Length - at))
                throw new ObjectFormatException("pcapng block", at + 4, $"a block of {length} bytes");
            if (U32(at + (int)length - 4) != length)
                throw new ObjectFormatException("pcapng block", at + length - 4, "the two lengths of the block differ");
            ReadBlock(type, at, at + 8, at + (int)length - 4);
            at += (int)length;
        }

        return _packets;
    }

    private void StartSection(int at)
    {
        if (file.Length - at < 28)
            throw new ObjectFormatException("pcapng section header", at, "28 bytes are needed");
        _bigEndian = BinaryPrimitives.ReadUInt32LittleEndian(file.Span[(at + 8)..]) switch
        {
            0x1a2b3c4d => false,
            0x4d3c2b1a => true,
            uint magic => throw new ObjectFormatException("pcapng section header", at + 8, $"byte-order magic 0x{magic:x8}"),
        };
        _interfaces.Clear();
    }

    private void ReadBlock(uint type, int at, int body, int end)
    {
        switch (type)
        {
            case InterfaceDescription:
                Need(body, end, 8);
                _interfaces.Add(ReadInterface(body, end));
                break;
            case EnhancedPacket:
                Need(body, end, 20);
                Add(at, U32(body), U32(body + 4), U32(body + 8), U32(body + 12), U32(body + 16), body + 20, end);
                break;
            case OldPacket:
                Need(body, end, 20);
                Add(at, U16(body), U32(body + 4), U32(body + 8), U32(body + 12), U32(body + 16), body + 20, end);
                break;
            case SimplePacket:
                Need(body, end, 4);
                uint original = U32(body);
                uint limit = _interfaces.Count > 0 && _interfaces[0].SnapLength != 0 ? _interfaces[0].SnapLength : uint.MaxValue;
                Add(at, 0, 0, 0, Math.Min(Math.Min(original, limit), (uint)(end - body - 4)), original, body + 4, end);
                break;
        }
    }

    private CaptureInterface ReadInterface(int body, int end)
    {
        var found = new CaptureInterface(U16(body), U32(body + 4), 1_000_000, 0);
        int at = body + 8;
        while (end - at >= 4)
        {
            int code = U16(at), length = U16(at + 2);
            if (code == 0)
                break;
            if (length > end - at - 4)
                throw new ObjectFormatException("pcapng option", at, $"{length} bytes lie outside the block");
            if (code == OptionTimestampResolution && length == 1)
                found = found with { UnitsPerSecond = Resolution(file.Span[at + 4], at) };
            else if (code == OptionTimestampOffset && length == 8)
                found = found with { OffsetSeconds = U32(at + (_bigEndian ? 8 : 4)) };
            at += 4 + ((length + 3) & ~3);
        }

        return found;
    }

    private static ulong Resolution(byte value, int at)
    {
        // The top bit chooses a power of 2 over a power of 10.
        int exponent = value & 0x7f;
        if ((value & 0x80) != 0 && exponent <= 40)
            return 1UL << exponent;
        if ((value & 0x80) == 0 && exponent <= 12)
            return (ulong)Math.Pow(10, exponent);
        throw new ObjectFormatException("pcapng option", at, $"timestamp resolution 0x{value:x2}");
    }

    private void Add(int at, uint interfaceId, uint timeHigh, uint timeLow, uint captured, uint original, int data, int end)
    {
        if (interfaceId >= (uint)_interfaces.Count)
            throw new ObjectFormatException("pcapng packet", at, $"interface {interfaceId} was not described");
        if (captured > CaptureReader.MaxPacket || captured > (uint)(end - data))
            throw new ObjectFormatException("pcapng packet", at, $"a packet of {captured} bytes does not fit its block");
        if (_packets.Count == CaptureReader.MaxPackets)
            throw new ObjectFormatException("pcapng packet", at, $"more than {CaptureReader.MaxPackets} packets");
        CaptureInterface from = _interfaces[(int)interfaceId];
        UInt128 units = ((ulong)timeHigh << 32) | timeLow;
        ulong time = (ulong)(units * 1_000_000_000 / from.UnitsPerSecond) + (from.OffsetSeconds * 1_000_000_000UL);
        _packets.Add(new PacketRecord(time, original, from.LinkType, file.Slice(data, (int)captured)));
    }

    private static void Need(int body, int end, int bytes)
    {
        if (end - body < bytes)
            throw new ObjectFormatException("pcapng block", body, $"{bytes} bytes are needed");
    }

    private uint U32(int at) => _bigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(file.Span[at..])
        : BinaryPrimitives.ReadUInt32LittleEndian(file.Span[at..]);

    private ushort U16(int at) => _bigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(file.Span[at..])
        : BinaryPrimitives.ReadUInt16LittleEndian(file.Span[at..]);

    private readonly record struct CaptureInterface(int LinkType, uint SnapLength, ulong UnitsPerSecond, uint OffsetSeconds);
}
