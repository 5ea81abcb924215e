using System.Buffers.Binary;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.TestRuns;

/// <summary>Test runs of packet programs with every field of the call set right and wrong: same errno, same outputs on both kernels.</summary>
public sealed class PacketRunFieldTests(BackendPair pair) : IClassFixture<BackendPair>
{
    private const string Two = """
        r0 = 2
        exit
        """;

    private const int SkBuff = 192;

    private static readonly uint[] Sizes = [0, 1, 13, 14, 15, 33, 34, 53, 54, 60, 64, 1500, 3456, 3520, 3521, 3712, 3713, 4096, 8192, 65535, 66000, 70_000, 73_000, 80_000];

    public static TheoryData<BpfProgType> Packets => [BpfProgType.Xdp, BpfProgType.SchedCls, BpfProgType.SchedAct, BpfProgType.SocketFilter, BpfProgType.CgroupSkb, BpfProgType.LwtIn, BpfProgType.LwtOut, BpfProgType.LwtXmit];

    public static TheoryData<BpfProgType, uint> SkbFields()
    {
        var data = new TheoryData<BpfProgType, uint>();
        foreach (BpfProgType type in new[] { BpfProgType.SchedCls, BpfProgType.CgroupSkb })
        {
            for (uint offset = 0; offset < SkBuff; offset += 4)
                data.Add(type, offset);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Packets))]
    public void Packets_of_all_sizes(BpfProgType type) => pair.Same(side =>
    {
        long fd = Load(side, type);
        byte[] bytes = Packet(80_000);
        ulong address = side.Memory.Copy(bytes);
        UserBuffer output = side.Memory.Allocate(80_000);
        foreach (uint size in Sizes)
        {
            side.Run(fd, ("data_in", address), ("data_size_in", size));
            side.Run(fd, ("data_in", address), ("data_size_in", size), ("data_out", output.Address), ("data_size_out", 80_000));
        }

        side.NoteWritten("packet", output.Span);
    });

    [Theory]
    [MemberData(nameof(Packets))]
    public void Missing_and_foreign_packets(BpfProgType type) => pair.Same(side =>
    {
        long fd = Load(side, type);
        ulong address = side.Memory.Copy(Packet(64));
        side.Run(fd);
        side.Run(fd, ("data_size_in", 64));
        side.Run(fd, ("data_in", 8), ("data_size_in", 64));
        side.Run(fd, ("data_in", address));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("data_out", 8), ("data_size_out", 64));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("data_size_out", 10));
    });

    [Theory]
    [MemberData(nameof(Packets))]
    public void An_output_that_is_too_small_is_filled_and_named(BpfProgType type) => pair.Same(side =>
    {
        long fd = Load(side, type);
        foreach (int length in new[] { 64, 5000 })
        {
            foreach (uint size in new uint[] { 0, 1, 20, 63, 64, 65, 2000, 4999, 5000 })
            {
                UserBuffer output = side.Memory.Allocate(6000);
                side.Run(fd, ("data_in", side.Memory.Copy(Packet(length))), ("data_size_in", (ulong)length), ("data_out", output.Address), ("data_size_out", size));
                side.NoteWritten("packet", output.Span);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Packets))]
    public void Flags_cpu_batch_size_and_repeat(BpfProgType type) => pair.Same(side =>
    {
        long fd = Load(side, type);
        ulong address = side.Memory.Copy(Packet(64));
        foreach (uint flags in new uint[] { 1, 3, 5, 8, 16, 0x80000000 })
            side.Run(fd, ("data_in", address), ("data_size_in", 64), ("flags", flags));
        foreach (uint cpu in new uint[] { 1, 5000, uint.MaxValue })
            side.Run(fd, ("data_in", address), ("data_size_in", 64), ("cpu", cpu));
        foreach (uint batch in new uint[] { 1, 64, 256, 257, uint.MaxValue })
            side.Run(fd, ("data_in", address), ("data_size_in", 64), ("batch_size", batch));
        foreach (uint repeat in new uint[] { 0, 1, 2, 1000 })
            side.Run(fd, ("data_in", address), ("data_size_in", 64), ("repeat", repeat));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("duration", 77));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("retval", 77));
    });

    [Fact]
    public void Live_frames_are_refused_with_the_same_errors() => pair.Same(side =>
    {
        const ulong liveFrames = 2;
        long fd = Load(side, BpfProgType.Xdp);
        ulong address = side.Memory.Copy(Packet(8000));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("flags", liveFrames), ("batch_size", 257));
        side.Run(fd, ("data_in", address), ("data_size_in", 13), ("flags", liveFrames));
        side.Run(fd, ("data_in", 8), ("data_size_in", 64), ("flags", liveFrames));
        side.Run(fd, ("data_in", address), ("data_size_in", 8000), ("flags", liveFrames));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("flags", liveFrames | 1));
        side.Run(fd, ("data_in", 8), ("data_size_in", 3409), ("flags", liveFrames));
        side.Run(fd, ("data_in", 8), ("data_size_in", 3408), ("flags", liveFrames), ("cpu", 1));
        ulong context = side.Memory.Copy([0, 0, 0, 0, 64, .. new byte[16]]);
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("flags", liveFrames), ("ctx_in", context), ("ctx_size_in", 21), ("ctx_out", context), ("ctx_size_out", 21));
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("flags", liveFrames), ("ctx_in", context), ("ctx_size_in", 21), ("data_out", address), ("data_size_out", 21));
        ulong far = side.Memory.Copy([0, 0, 0, 0, 65, .. new byte[16]]);
        side.Run(fd, ("data_in", address), ("data_size_in", 64), ("flags", liveFrames), ("ctx_in", far), ("ctx_size_in", 21));
    });

    [Theory]
    [MemberData(nameof(SkbFields))]
    public void A_field_of_a_socket_buffer_is_taken_or_must_be_zero(BpfProgType type, uint offset) => pair.Same(side =>
    {
        long fd = Load(side, type);
        // Devices beside the loopback are the machine's own.
        const uint ifindex = 40;
        foreach (uint value in offset == ifindex ? new uint[] { 1, 0x40000000, uint.MaxValue } : [1, 2, 64, 65535, 65536, 65537, uint.MaxValue])
        {
            byte[] context = new byte[SkBuff];
            BinaryPrimitives.WriteUInt32LittleEndian(context.AsSpan((int)offset), value);
            side.RunPacket(fd, Packet(64), context);
        }
    });

    [Theory]
    [MemberData(nameof(Packets))]
    public void Contexts_of_all_sizes(BpfProgType type) => pair.Same(side =>
    {
        long fd = Load(side, type);
        ulong packet = side.Memory.Copy(Packet(64));
        byte[] given = new byte[5000];
        given[4] = type == BpfProgType.Xdp ? (byte)64 : (byte)0;
        ulong context = side.Memory.Copy(given);
        UserBuffer output = side.Memory.Allocate(5000);
        foreach (uint size in new uint[] { 1, 4, 8, 12, 20, 24, 25, 100, 184, 191, 192, 193, 256, 4096, 4097, 5000 })
        {
            output.Span.Clear();
            side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_in", context), ("ctx_size_in", size), ("ctx_out", output.Address), ("ctx_size_out", size));
            side.Note("context", output.Span);
            side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_in", context), ("ctx_size_in", size));
            side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_out", output.Address), ("ctx_size_out", size));
        }

        given[300] = 1;
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_in", side.Memory.Copy(given)), ("ctx_size_in", 400));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_in", 8), ("ctx_size_in", 24));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_in", 8), ("ctx_size_in", 400));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_out", 8), ("ctx_size_out", type == BpfProgType.Xdp ? 24UL : SkBuff));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_in", context));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_out", context));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_size_in", 24));
        side.Run(fd, ("data_in", packet), ("data_size_in", 64), ("ctx_size_out", 24));
    });

    [Theory]
    [InlineData(64)]
    [InlineData(5000)]
    public void An_xdp_context_places_the_data_and_the_metadata(int length) => pair.Same(side =>
    {
        long fd = Load(side, BpfProgType.Xdp);
        // data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex
        uint end = (uint)length;
        foreach (uint[] fields in (uint[][])
        [
            [0, end], [4, end], [8, end], [3, end], [32, end], [36, end], [64, end], [252, end], [255, end], [256, end], [end, end], [end + 4, end], [0, end - 1], [0, end + 1],
            [0, 20], [0, 14], [0, 13], [0, 0], [4, 3], [4, 4], [4, 17], [4, 18], [16, 20], [48, end], [52, end], [212, end], [216, end], [220, end], [216, 216],
            [0, end, 4], [0, end, 0, 1], [0, end, 0, 0, 1], [0, end, 0, 1, 1], [0, end, 0, 7777], [0, end, 0, 0, 0, 1], [0, end, 0, 1, 0, 1], [4, end, 4],
        ])
        {
            byte[] context = new byte[24];
            for (int i = 0; i < fields.Length; i++)
                BinaryPrimitives.WriteUInt32LittleEndian(context.AsSpan(i * 4), fields[i]);
            side.Note(string.Join(' ', fields));
            side.RunPacket(fd, Packet(length), context);
        }
    });

    [Fact]
    public void Frames_without_an_IP_header_and_with_half_of_one() => pair.Same(side =>
    {
        foreach (BpfProgType type in new[] { BpfProgType.SchedCls, BpfProgType.CgroupSkb, BpfProgType.Xdp })
        {
            long fd = Load(side, type);
            foreach (ushort protocol in new ushort[] { 0x0800, 0x86dd, 0x0806, 0x8100, 0x88cc, 0, 0x05dc })
            {
                foreach (int length in new[] { 14, 15, 33, 34, 53, 54, 60 })
                {
                    byte[] packet = Packet(length);
                    BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12), protocol);
                    side.RunPacket(fd, packet);
                }
            }
        }
    });

    private static long Load(Side side, BpfProgType type) => side.Load(type, type is BpfProgType.CgroupSkb ? Two.Replace('2', '1') : Two);

    /// <summary>An IPv4 frame with bytes that tell their place.</summary>
    private static byte[] Packet(int length)
    {
        byte[] packet = new byte[length];
        for (int i = 0; i < length; i++)
            packet[i] = (byte)(i * 7 + i / 256);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12), 0x0800);
        return packet;
    }
}
