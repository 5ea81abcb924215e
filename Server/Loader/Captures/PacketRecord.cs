namespace WebBpf.Loader.Captures;

/// <summary>One packet of a capture.</summary>
/// <param name="TimestampNs">Nanoseconds since 1970.</param>
/// <param name="OriginalLength">Bytes on the wire; the data may be shorter where the capture cut it.</param>
/// <param name="LinkType">LINKTYPE number: 1 = Ethernet, 101 = raw IP.</param>
public readonly record struct PacketRecord(ulong TimestampNs, uint OriginalLength, int LinkType, ReadOnlyMemory<byte> Data);
