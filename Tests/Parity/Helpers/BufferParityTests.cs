using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Parity.Harness;
using WebBpf.Tests.Parity.TestRuns;
using Xunit;

namespace WebBpf.Tests.Parity.Helpers;

/// <summary>What programs get from ring buffers, perf buffers and LRU hashes on both kernels: return values, positions, contents.</summary>
public sealed class BufferParityTests(BackendPair pair) : IClassFixture<BackendPair>
{
    // Stores all that bpf_ringbuf_query tells, and an unknown question, at r7 + 8.
    private static readonly string Query = string.Join('\n', Enumerable.Range(0, 5).Select(i => $"""
        r1 = map[ring] ll
        r2 = {i}
        call bpf_ringbuf_query
        *(u64 *)(r7 +{8 + i * 8}) = r0
        """));

    [Fact]
    public void Ring_output_of_all_sizes_and_flags_until_the_ring_is_full() => pair.Same(side =>
    {
        long ring = side.Map(BpfMapType.Ringbuf, 0, 0, 4096), results = side.Results(64), data = side.Map(BpfMapType.Array, 4, 8192, 1);
        foreach ((int size, long flags) in new (int, long)[]
        {
            (0, 0), (1, 0), (8, 1), (9, 2), (100, 3), (8, 4), (8, -1), (4097, 0), (4096, 0), (4089, 0), (4088, 0), (3000, 0), (1000, 0), (900, 0), (500, 1), (200, 2), (64, 0), (32, 0), (8, 0), (0, 0), (0, 0), (0, 0), (8, 0),
        })
        {
            long fd = side.Load(BpfProgType.SchedCls, $"""
                r7 = map_value[out] ll
                r1 = map[ring] ll
                r2 = map_value[data] ll
                r3 = {size}
                r4 = {flags}
                call bpf_ringbuf_output
                *(u64 *)(r7 +0) = r0
                {Query}
                r0 = 0
                exit
                """, ("ring", ring), ("out", results), ("data", data));
            side.Note($"{size} {flags}");
            side.RunPacket(fd, new byte[64]);
            side.NoteResults(results, 64);
        }
    });

    [Theory]
    [InlineData("bpf_ringbuf_submit", 0)]
    [InlineData("bpf_ringbuf_submit", 1)]
    [InlineData("bpf_ringbuf_submit", 2)]
    [InlineData("bpf_ringbuf_submit", 99)]
    [InlineData("bpf_ringbuf_discard", 0)]
    [InlineData("bpf_ringbuf_discard", 1)]
    public void Reservations_move_the_positions_and_end_where_the_ring_is_full(string end, int endFlags) => pair.Same(side =>
    {
        long ring = side.Map(BpfMapType.Ringbuf, 0, 0, 8192), results = side.Results(64);
        foreach ((int size, int flags) in new[] { (8, 0), (1, 0), (8, 1), (0, 0), (8192, 0), (8185, 0), (8184, 0), (0x3fffffff, 0), (0x40000000, 0), (-1, 0), (4000, 0), (3000, 0), (1000, 0), (64, 0), (24, 0), (8, 0), (8, 0), (8, 0) })
        {
            long fd = side.Load(BpfProgType.SchedCls, $"""
                r7 = map_value[out] ll
                r1 = map[ring] ll
                r2 = {size}
                r3 = {flags}
                call bpf_ringbuf_reserve
                r6 = 0
                if r0 == 0 goto none
                r6 = 1
                r1 = r0
                r2 = {endFlags}
                call {end}
                none:
                *(u64 *)(r7 +0) = r6
                {Query}
                r0 = 0
                exit
                """, ("ring", ring), ("out", results));
            side.Note($"{size} {flags}");
            if (fd < 0)
                continue;
            side.RunPacket(fd, new byte[64]);
            side.NoteResults(results, 64);
        }
    });

    [Fact]
    public void A_record_that_is_not_ended_yet_keeps_its_place() => pair.Same(side =>
    {
        long ring = side.Map(BpfMapType.Ringbuf, 0, 0, 4096), results = side.Results(64);
        long fd = side.Load(BpfProgType.SchedCls, $"""
            r7 = map_value[out] ll
            r1 = map[ring] ll
            r2 = 2000
            r3 = 0
            call bpf_ringbuf_reserve
            if r0 == 0 goto none
            r6 = r0
            r1 = map[ring] ll
            r2 = r6
            r3 = 1000
            r4 = 0
            *(u64 *)(r6 +0) = r4
            call bpf_ringbuf_output
            *(u64 *)(r7 +0) = r0
            r1 = map[ring] ll
            r2 = 1500
            r3 = 0
            call bpf_ringbuf_reserve
            if r0 == 0 goto second
            r1 = r0
            r2 = 0
            call bpf_ringbuf_discard
            second:
            {Query}
            r1 = r6
            r2 = 0
            call bpf_ringbuf_submit
            none:
            r0 = 0
            exit
            """, ("ring", ring), ("out", results));
        for (int i = 0; i < 3 && fd >= 0; i++)
        {
            side.RunPacket(fd, new byte[64]);
            side.NoteResults(results, 64);
        }
    });

    [Theory]
    [InlineData(BpfProgType.SchedCls)]
    [InlineData(BpfProgType.Xdp)]
    [InlineData(BpfProgType.SocketFilter)]
    [InlineData(BpfProgType.CgroupSkb)]
    public void Perf_output_into_a_map_without_events_of_packet_programs(BpfProgType type) => pair.Same(side =>
    {
        long events = side.Map(BpfMapType.PerfEventArray, 4, 4, 2), results = side.Results(8), data = side.Map(BpfMapType.Array, 4, 65536, 1);
        foreach (string flags in new[] { "0", "1", "2", "3", "4294967295", "4294967294", "4294967296", "274877906944", "279172874240", "4503595332403200", "4503599627370496", "9223372036854775808" })
        {
            foreach (int size in new[] { 0, 1, 8, 65535 })
                PerfOutput(side, type, events, results, data, flags, size, fd => side.RunPacket(fd, new byte[64]));
        }
    });

    [Fact]
    public void Perf_output_into_a_map_without_events_of_raw_tracepoints() => pair.Same(side =>
    {
        long events = side.Map(BpfMapType.PerfEventArray, 4, 4, 2), results = side.Results(8), data = side.Map(BpfMapType.Array, 4, 65536, 1);
        foreach (string flags in new[] { "0", "1", "2", "4294967295", "4294967296", "9223372036854775808" })
        {
            foreach (int size in new[] { 0, 8, 65528, 65529, 65536 })
                PerfOutput(side, BpfProgType.RawTracepoint, events, results, data, flags, size, fd => side.Run(fd));
        }
    });

    [Theory]
    [InlineData(8, 8, 0)]
    [InlineData(64, 40, 0)]
    [InlineData(64, 40, 2)]
    [InlineData(256, 200, 0)]
    public void An_LRU_hash_below_its_capacity_is_a_hash(int entries, int keys, int flags) => pair.Same(side =>
    {
        const int noCommonLru = 2;
        long map = side.Map(BpfMapType.LruHash, 4, 8, (uint)entries * (flags == noCommonLru ? 8u : 1), (uint)flags), results = side.Results(64);
        long fd = side.Load(BpfProgType.SchedCls, """
            r7 = map_value[out] ll
            r9 = *(u32 *)(r1 +8)
            r8 = *(u32 *)(r1 +32)
            *(u32 *)(r10 -4) = r9
            *(u64 *)(r10 -16) = r9
            r1 = map[m] ll
            r2 = r10
            r2 += -4
            r3 = r10
            r3 += -16
            r4 = r8
            call bpf_map_update_elem
            *(u64 *)(r7 +0) = r0
            r1 = map[m] ll
            r2 = r10
            r2 += -4
            call bpf_map_lookup_elem
            r6 = -1
            if r0 == 0 goto missing
            r6 = *(u64 *)(r0 +0)
            missing:
            *(u64 *)(r7 +8) = r6
            r9 ^= 3
            *(u32 *)(r10 -4) = r9
            r1 = map[m] ll
            r2 = r10
            r2 += -4
            call bpf_map_delete_elem
            *(u64 *)(r7 +16) = r0
            r0 = 0
            exit
            """, ("m", map), ("out", results));
        var random = new Random(entries);
        for (int i = 0; i < 200 && fd >= 0; i++)
        {
            byte[] context = new byte[192];
            BitConverter.TryWriteBytes(context.AsSpan(8), random.Next(keys)); // mark: the key
            BitConverter.TryWriteBytes(context.AsSpan(32), random.Next(5)); // priority: the flags
            side.RunPacket(fd, new byte[64], context);
            side.NoteResults(results, 64);
        }

        for (int key = 0; key < keys; key++)
        {
            var value = side.Memory.Allocate(8);
            side.Call(BpfCommand.MapLookupElem, ("map_fd", (ulong)map), ("key", side.Memory.Copy(BitConverter.GetBytes(key))), ("value", value.Address));
            side.Note("value", value.Span);
        }
    });

    private static void PerfOutput(Side side, BpfProgType type, long events, long results, long data, string flags, int size, Action<long> run)
    {
        long fd = side.Load(type, $"""
            r7 = map_value[out] ll
            r2 = map[events] ll
            r3 = {flags} ll
            r4 = map_value[data] ll
            r5 = {size}
            call bpf_perf_event_output
            *(u64 *)(r7 +0) = r0
            r0 = 1
            exit
            """, ("events", events), ("out", results), ("data", data));
        side.Note($"{flags} {size}");
        if (fd < 0)
            return;
        run(fd);
        side.NoteResults(results, 8);
    }
}
