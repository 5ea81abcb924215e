using System.Buffers.Binary;

namespace WebBpf.Kernel.Programs.Packets;

/// <summary>What the kernel makes of a link header, as eth_type_trans in net/ethernet/eth.c, 6.18, on the loopback device, whose addresses are all zero.</summary>
internal static class EthernetType
{
    public const ushort Ipv4 = 0x0800;
    public const ushort Ipv6 = 0x86dd;

    private const uint Host = 0;
    private const uint Multicast = 2;
    private const uint OtherHost = 3;
    private const int AddressBytes = 6;

    // Smaller values are lengths of 802.3 frames.
    private const ushort FirstType = 0x600;
    private const ushort Raw8023 = 1;
    private const ushort Llc8022 = 4;

    /// <summary>The Ethernet type in host byte order; lengths stand for 802.3 and 802.2 frames.</summary>
    public static ushort Of(ReadOnlySpan<byte> frame)
    {
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (type >= FirstType)
            return type;
        return frame.Length >= 16 && frame[14] == 0xff && frame[15] == 0xff ? Raw8023 : Llc8022;
    }

    /// <summary>To whom a frame is addressed (skb->pkt_type). The loopback's broadcast address is zero as well: what others call broadcast is multicast here.</summary>
    public static uint PacketType(ReadOnlySpan<byte> frame)
    {
        if (!frame[..AddressBytes].ContainsAnyExcept((byte)0))
            return Host;
        return (frame[0] & 1) != 0 ? Multicast : OtherHost;
    }
}
