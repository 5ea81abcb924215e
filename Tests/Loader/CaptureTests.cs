using WebBpf.Loader;
using WebBpf.Loader.Captures;
using Xunit;

namespace WebBpf.Tests.Loader;

public sealed class CaptureTests
{
    public static TheoryData<string> Captures => [.. Samples.CaptureNames];

    [Theory]
    [InlineData("http.pcap", 8)]
    [InlineData("mixed.pcap", 27)]
    [InlineData("odd.pcapng", 25)]
    public void All_packets_are_read(string name, int count)
    {
        IReadOnlyList<PacketRecord> packets = CaptureReader.Read(Samples.Capture(name));
        Assert.Equal(count, packets.Count);
        Assert.All(packets, p => Assert.Equal(1, p.LinkType));
        Assert.Equal(1_700_000_000UL, packets[0].TimestampNs / 1_000_000_000);
        Assert.All(packets, p => Assert.True(p.OriginalLength >= p.Data.Length));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void What_is_written_reads_the_same(string name)
    {
        IReadOnlyList<PacketRecord> packets = CaptureReader.Read(Samples.Capture(name));
        using var output = new MemoryStream();
        PcapWriter.WriteHeader(output, packets[0].LinkType);
        foreach (PacketRecord packet in packets)
            PcapWriter.WritePacket(output, packet);

        IReadOnlyList<PacketRecord> again = CaptureReader.Read(output.ToArray());
        Assert.Equal(packets.Select(p => (p.TimestampNs, p.OriginalLength)), again.Select(p => (p.TimestampNs, p.OriginalLength)));
        Assert.All(packets.Zip(again), pair => Assert.True(pair.First.Data.Span.SequenceEqual(pair.Second.Data.Span)));
    }

    [Fact]
    public void Both_byte_orders_are_read()
    {
        byte[] big = Convert.FromHexString("a1b2c3d4" + "00020004" + "00000000" + "00000000" + "0000ffff" + "00000001" + "00000002" + "00000003" + "00000002" + "00000009" + "abcd");
        PacketRecord packet = Assert.Single(CaptureReader.Read(big));
        Assert.Equal((2_000_003_000UL, 9u, 1), (packet.TimestampNs, packet.OriginalLength, packet.LinkType));
        Assert.Equal([0xab, 0xcd], packet.Data.ToArray());
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Damaged_captures_are_refused_or_read_but_nothing_else_happens(string name)
    {
        byte[] original = Samples.Capture(name);
        var mutator = new Mutator(7);
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            try
            {
                CaptureReader.Read(mutator.Mutate(original));
            }
            catch (ObjectFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 3000);
    }
}
