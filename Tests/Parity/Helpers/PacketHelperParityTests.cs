using System.Buffers.Binary;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Parity.Harness;
using WebBpf.Tests.Parity.TestRuns;
using Xunit;

namespace WebBpf.Tests.Parity.Helpers;

/// <summary>Helpers that read and change packets, at and beyond their limits: the same results and the same packets as the machine's kernel.</summary>
public sealed class PacketHelperParityTests(BackendPair pair) : IClassFixture<BackendPair>
{
    private static readonly int[] Deltas =
    [
        0, 1, -1, 2, 3, 4, -4, 8, -8, 14, 36, 49, 50, 51, 60, 64, -64, 128, -128, -214, -215, -216, -217, -220, -248, -252, -255, -256, 255, 256, 1000, 3000, 3390, 3392, 3456, 3457, 3500, 4096, -4096,
        int.MaxValue, int.MinValue,
    ];

    public static TheoryData<string, int> Adjustments()
    {
        var data = new TheoryData<string, int>();
        foreach (string helper in new[] { "bpf_xdp_adjust_head", "bpf_xdp_adjust_tail", "bpf_xdp_adjust_meta" })
        {
            foreach (int length in new[] { 64, 1000, 3520 })
                data.Add(helper, length);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Adjustments))]
    public void Xdp_adjustments_have_the_same_limits(string helper, int length) => pair.Same(side =>
    {
        long results = side.Results(32);
        foreach (int meta in new[] { 0, 8, 64 })
        {
            byte[] context = new byte[24];
            BinaryPrimitives.WriteInt32LittleEndian(context, meta);
            BinaryPrimitives.WriteInt32LittleEndian(context.AsSpan(4), length);
            foreach (int delta in Deltas)
            {
                long fd = side.Load(BpfProgType.Xdp, $"""
                    r6 = r1
                    r7 = map_value[out] ll
                    r2 = {delta}
                    call {helper}
                    *(u64 *)(r7 +0) = r0
                    r1 = *(u32 *)(r6 +0)
                    r2 = *(u32 *)(r6 +4)
                    r3 = *(u32 *)(r6 +8)
                    r2 -= r1
                    *(u64 *)(r7 +8) = r2
                    r1 -= r3
                    *(u64 *)(r7 +16) = r1
                    r0 = 2
                    exit
                    """, ("out", results));
                side.Note($"meta {meta} delta {delta}");
                side.RunPacket(fd, Packet(length), length - meta < 14 ? null : context);
                side.NoteResults(results, 32);
            }
        }
    });

    [Theory]
    [InlineData("bpf_skb_load_bytes", "r5 = 0")]
    [InlineData("bpf_skb_store_bytes", "r5 = 0")]
    [InlineData("bpf_skb_store_bytes", "r5 = 1")]
    [InlineData("bpf_skb_store_bytes", "r5 = 3")]
    [InlineData("bpf_skb_store_bytes", "r5 = 4")]
    [InlineData("bpf_skb_store_bytes", "r5 = -1")]
    [InlineData("bpf_skb_load_bytes_relative", "r5 = 0")]
    [InlineData("bpf_skb_load_bytes_relative", "r5 = 1")]
    [InlineData("bpf_skb_load_bytes_relative", "r5 = 2")]
    [InlineData("bpf_skb_load_bytes_relative", "r5 = -1")]
    public void Bytes_of_a_socket_buffer(string helper, string last) => pair.Same(side =>
    {
        long results = side.Results(256), data = side.Results(128);
        byte[] value = new byte[128];
        value.AsSpan().Fill(0xa5);
        foreach (int offset in new[] { 0, 1, 13, 14, 49, 50, 60, 63, 64, 65, 1000, 65535, 65536, int.MaxValue, -1, int.MinValue })
        {
            foreach (int size in new[] { 1, 4, 14, 50, 64, 65, 100 })
            {
                side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)data), ("key", side.Memory.Copy(new byte[4])), ("value", side.Memory.Copy(value)));
                long fd = side.Load(BpfProgType.SchedCls, $"""
                    r7 = map_value[out] ll
                    r2 = {offset}
                    r3 = map_value[data] ll
                    r4 = {size}
                    {last}
                    call {helper}
                    *(u64 *)(r7 +0) = r0
                    r0 = 0
                    exit
                    """, ("out", results), ("data", data));
                side.Note($"offset {offset} size {size}");
                side.RunPacket(fd, Packet(64));
                side.NoteResults(results, 256);
                side.NoteResults(data, 128);
            }
        }
    });

    [Theory]
    [InlineData("bpf_l3_csum_replace")]
    [InlineData("bpf_l4_csum_replace")]
    public void Checksums_in_packets(string helper) => pair.Same(side =>
    {
        long results = side.Results(8);
        long[] flags = [0, 1, 2, 3, 4, 5, 8, 0x10, 0x12, 0x14, 0x20, 0x22, 0x24, 0x34, 0x40, 0x62, 0x74, 0x80, 0x94, 0xf4, 0x100, 0x102, -1];
        (string From, string To)[] values = [("0", "0"), ("0", "4660"), ("4660", "22136"), ("65535", "0"), ("4294967295", "1"), ("305419896", "2596069104"), ("1311768467463790320", "18446744073709551615")];
        foreach (int offset in new[] { 0, 24, 25, 40, 62, 63, 64, 65534, 65536, -2 })
        {
            foreach (long flag in flags)
            {
                foreach ((string from, string to) in offset is 24 or 40 ? values : values[..2])
                {
                    long fd = side.Load(BpfProgType.SchedCls, $"""
                        r7 = map_value[out] ll
                        r2 = {offset}
                        r3 = {from} ll
                        r4 = {to} ll
                        r5 = {flag}
                        call {helper}
                        *(u64 *)(r7 +0) = r0
                        r0 = 0
                        exit
                        """, ("out", results));
                    byte[] packet = Packet(64);
                    packet[40] = packet[41] = 0; // a checksum that says there is none
                    side.Note($"offset {offset} flags {flag} from {from} to {to}");
                    side.RunPacket(fd, packet);
                    side.NoteResults(results, 8);
                }
            }
        }
    });

    [Fact]
    public void Differences_of_checksums() => pair.Same(side =>
    {
        long results = side.Results(8), data = side.Results(512);
        byte[] value = new byte[512];
        new Random(7).NextBytes(value);
        value.AsSpan(0, 16).Fill(0xff);
        side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)data), ("key", side.Memory.Copy(new byte[4])), ("value", side.Memory.Copy(value)));
        foreach (string seed in new[] { "0", "1", "65535", "65536", "4294967295", "18446744073709551615", "305419896" })
        {
            foreach (int from in new[] { 0, 4, 8, 16, 20, 128, 512, 3 })
            {
                foreach (int to in new[] { 0, 4, 16, 60, 128, 512, 6 })
                {
                    long fd = side.Load(BpfProgType.SchedCls, $"""
                        r7 = map_value[out] ll
                        r1 = map_value[data] ll
                        r2 = {from}
                        r3 = map_value[data] ll
                        {(to == 512 ? "" : "r3 += 200")}
                        r4 = {to}
                        r5 = {seed} ll
                        call bpf_csum_diff
                        *(u64 *)(r7 +0) = r0
                        r0 = 0
                        exit
                        """, ("out", results), ("data", data));
                    side.Note($"seed {seed} from {from} to {to}");
                    side.RunPacket(fd, Packet(64));
                    side.NoteResults(results, 8);
                }
            }
        }
    });

    [Theory]
    [InlineData("bpf_probe_read_kernel")]
    [InlineData("bpf_probe_read_kernel_str")]
    [InlineData("bpf_probe_read_user")]
    [InlineData("bpf_probe_read_user_str")]
    public void Reads_of_addresses_that_are_none(string helper) => pair.Same(side =>
    {
        long results = side.Results(64);
        // From 1 << 47 to 1 << 56 it depends on the processor's width of addresses.
        foreach (string address in new[] { "0", "1", "4096", "140737488355327", "9223372036854775808", "18446603336221196288", "18446744073709551615", "18446744073709551608", "14627333968688430831" })
        {
            foreach (int size in new[] { 0, 1, 8, 32 })
            {
                long fd = side.Load(BpfProgType.SchedCls, $"""
                    r7 = map_value[out] ll
                    r1 = -1
                    *(u64 *)(r7 +8) = r1
                    *(u64 *)(r7 +32) = r1
                    r1 = r7
                    r1 += 8
                    r2 = {size}
                    r3 = {address} ll
                    call {helper}
                    *(u64 *)(r7 +0) = r0
                    r0 = 0
                    exit
                    """, ("out", results));
                side.Note($"address {address} size {size}");
                side.RunPacket(fd, Packet(64));
                side.NoteResults(results, 64);
            }
        }
    });

    [Theory]
    [InlineData("bpf_probe_read_kernel")]
    [InlineData("bpf_probe_read_kernel_str")]
    public void Reads_of_a_map_value(string helper) => pair.Same(side =>
    {
        long results = side.Results(64), data = side.Results(64);
        side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)data), ("key", side.Memory.Copy(new byte[4])), ("value", side.Memory.Copy([.. "some text"u8, .. new byte[55]])));
        foreach (int size in new[] { 0, 1, 2, 4, 9, 10, 11, 40 })
        {
            long fd = side.Load(BpfProgType.SchedCls, $"""
                r7 = map_value[out] ll
                r1 = -1
                *(u64 *)(r7 +8) = r1
                *(u64 *)(r7 +16) = r1
                r1 = r7
                r1 += 8
                r2 = {size}
                r3 = map_value[data] ll
                call {helper}
                *(u64 *)(r7 +0) = r0
                r0 = 0
                exit
                """, ("out", results), ("data", data));
            side.RunPacket(fd, Packet(64));
            side.NoteResults(results, 64);
        }
    });

    private static byte[] Packet(int length)
    {
        byte[] packet = new byte[length];
        for (int i = 0; i < length; i++)
            packet[i] = (byte)(i * 5 + 1);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12), 0x0800);
        return packet;
    }
}
