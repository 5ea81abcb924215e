using WebBpf.Kernel.Programs.Contexts;

namespace WebBpf.Kernel.Programs.Packets;

/// <summary>
/// The socket of a test run: new, closed, bound to nothing, with the addresses of the packet (its source as the local address). The fields of the buffer that come from the socket
/// stand in the context, too.
/// </summary>
internal static class SkbSocket
{
    private const uint InetFamily = 2;
    private const uint Inet6Family = 10;
    private const uint Closed = 7;
    private const int Ip4Header = 20;
    private const int Ip4Source = 12;
    private const int Ip6Header = 40;
    private const int Ip6Source = 8;

    /// <summary>Fills in the packet's socket and the fields of its context.</summary>
    /// <param name="packet">From its link header on.</param>
    /// <param name="fields">The context.</param>
    /// <param name="protocol">The Ethernet type, in host byte order.</param>
    public static void Fill(PacketBuffer packet, Span<byte> fields, ushort protocol)
    {
        Span<byte> socket = packet.SocketBytes;
        socket.Clear();
        TestRuns.SetU32(socket, SocketLayout.State, Closed);
        TestRuns.SetU32(socket, SocketLayout.RxQueueMapping, uint.MaxValue);
        BitConverter.TryWriteBytes(fields[SkBuffLayout.Sk..], packet.Socket);
        Span<byte> header = packet.Bytes[TestRuns.EthernetHeader..];
        if (protocol == EthernetType.Ipv4)
        {
            SetFamily(socket, fields, InetFamily);
            if (header.Length >= Ip4Header)
                SetAddresses(socket, fields, header[Ip4Source..], 4, (SocketLayout.SrcIp4, SkBuffLayout.LocalIp4), (SocketLayout.DstIp4, SkBuffLayout.RemoteIp4));
        }
        else if (protocol == EthernetType.Ipv6)
        {
            SetFamily(socket, fields, Inet6Family);
            if (header.Length >= Ip6Header)
                SetAddresses(socket, fields, header[Ip6Source..], 16, (SocketLayout.SrcIp6, SkBuffLayout.LocalIp6), (SocketLayout.DstIp6, SkBuffLayout.RemoteIp6));
        }
    }

    private static void SetFamily(Span<byte> socket, Span<byte> fields, uint family)
    {
        TestRuns.SetU32(socket, SocketLayout.Family, family);
        TestRuns.SetU32(fields, SkBuffLayout.Family, family);
    }

    // The header has the source address, then the destination.
    private static void SetAddresses(Span<byte> socket, Span<byte> fields, ReadOnlySpan<byte> addresses, int size, (int Socket, int Skb) local, (int Socket, int Skb) remote)
    {
        addresses[..size].CopyTo(socket[local.Socket..]);
        addresses[..size].CopyTo(fields[local.Skb..]);
        addresses.Slice(size, size).CopyTo(socket[remote.Socket..]);
        addresses.Slice(size, size).CopyTo(fields[remote.Skb..]);
    }
}
