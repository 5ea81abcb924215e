using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Kernel.Maps;
using Xunit;

namespace WebBpf.Tests.Kernel.Observe;

public sealed class MapTrackingTests : IDisposable
{
    private readonly MapBench _bench = new();
    private readonly RunContext _run;

    public MapTrackingTests()
    {
        _run = new RunContext(_bench.Context, 1, new NoServices());
    }

    public static TheoryData<BpfMapType> Types => [BpfMapType.Hash, BpfMapType.Array, BpfMapType.PercpuHash, BpfMapType.PercpuArray, BpfMapType.LruHash];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void Stores_of_programs_make_their_elements_dirty_once(BpfMapType type)
    {
        BpfMap map = _bench.Make(type, 4, 12, 300, type == BpfMapType.Hash ? MapFlags.NoPrealloc : 0);
        for (ulong i = 0; i < 100; i++)
            map.UpdateElem(MapBench.Bytes(i, 4), new byte[map.UserValueSize], 0);
        map.HoldDurable();
        Assert.True(map.IsTracked);
        foreach (ulong i in new ulong[] { 3, 77, 3 })
            Store(map.Lookup(_bench.Place(i, 4), 1) + 4, (uint)i);
        IReadOnlyList<DirtyElement> dirty = map.Tracking!.TakeDirty();
        Assert.Equal([3u, 77u], dirty.Select(d => BitConverter.ToUInt32(d.Key)).Order());
        foreach (DirtyElement element in dirty)
        {
            byte[] now = new byte[map.UserValueSize];
            map.LookupElem(element.Key, now, 0);
            Assert.Equal(now, element.Value);
            Assert.Contains(BitConverter.ToUInt32(element.Key), Words(element.Value!));
        }

        Assert.Empty(map.Tracking.TakeDirty());
        map.ReleaseDurable();
        Assert.False(map.IsTracked);
        Assert.Null(map.Tracking);
    }

    [Fact]
    public void Helpers_of_programs_make_updated_and_deleted_keys_dirty_with_their_last_state()
    {
        BpfMap map = _bench.Make(BpfMapType.Hash, 4, 8, 10);
        map.HoldDurable();
        ulong one = _bench.Place(1, 4), two = _bench.Place(2, 4);
        MapElementHelpers.MapUpdateElemCall(_run, map.Address, one, _bench.Place(10, 8), 0, 0);
        MapElementHelpers.MapUpdateElemCall(_run, map.Address, two, _bench.Place(20, 8), 0, 0);
        MapElementHelpers.MapUpdateElemCall(_run, map.Address, one, _bench.Place(11, 8), 0, 0);
        MapElementHelpers.MapDeleteElemCall(_run, map.Address, two, 0, 0, 0);
        var dirty = map.Tracking!.TakeDirty().ToDictionary(d => BitConverter.ToUInt32(d.Key), d => d.Value);
        Assert.Equal(2, dirty.Count);
        Assert.Equal(MapBench.Bytes(11, 8), dirty[1]);
        Assert.Null(dirty[2]);
    }

    [Fact]
    public void An_element_that_an_lru_map_gives_up_is_dirty_as_deleted()
    {
        BpfMap map = _bench.Make(BpfMapType.LruHash, 4, 8, 4);
        map.HoldDurable();
        for (ulong i = 0; i < 20; i++)
            MapElementHelpers.MapUpdateElemCall(_run, map.Address, _bench.Place(i, 4), _bench.Place(i, 8), 0, 0);
        IReadOnlyList<DirtyElement> dirty = map.Tracking!.TakeDirty();
        Assert.Equal(20, dirty.Count);
        Assert.InRange(dirty.Count(d => d.Value is not null), 1, 4);
    }

    [Fact]
    public void Writes_of_the_system_call_go_to_the_journal_and_not_to_the_dirty_set()
    {
        BpfMap map = _bench.Make(BpfMapType.Hash, 4, 8, 10);
        var journal = new Recorder();
        map.HoldDurable(journal);
        map.UpdateElem(MapBench.Bytes(1, 4), MapBench.Bytes(5, 8), 0);
        map.UpdateElem(MapBench.Bytes(1, 4), MapBench.Bytes(6, 8), MapFlags.NoExist);
        map.DeleteElem(MapBench.Bytes(1, 4));
        map.DeleteElem(MapBench.Bytes(1, 4));
        Assert.Equal(["1=5", "1 gone"], journal.Entries);
        Assert.Empty(map.Tracking!.TakeDirty());
    }

    [Fact]
    public void A_watcher_hears_who_changed_what_from_what_to_what()
    {
        BpfMap map = _bench.Make(BpfMapType.Hash, 4, 8, 10);
        int switched = 0;
        map.TrackedChanged += _ => switched++;
        using MapWatch watch = map.Watch();
        var task = new BpfTask { Pid = 42, Comm = "tester" };
        map.UpdateElem(MapBench.Bytes(1, 4), MapBench.Bytes(5, 8), 0, new MapCaller(task));
        Store(map.Lookup(_bench.Place(1, 4), 1), 9);
        map.DeleteElem(MapBench.Bytes(1, 4), new MapCaller(task));
        IReadOnlyList<MapChange> changes = watch.Take(out ulong dropped);
        Assert.Equal(0ul, dropped);
        Assert.Equal([MapOperation.Update, MapOperation.Store, MapOperation.Delete], changes.Select(c => c.Op));
        Assert.Equal([1ul, 2ul, 3ul], changes.Select(c => c.Seq));
        Assert.Equal(new MapWriter("task", 42, "tester"), changes[0].By);
        Assert.Equal("kernel", changes[1].By.Kind);
        Assert.Null(changes[0].Old);
        Assert.Equal(MapBench.Bytes(5, 8), changes[1].Old);
        Assert.Equal(MapBench.Bytes(9, 8), changes[1].New);
        Assert.Null(changes[2].New);
        watch.Dispose();
        Assert.False(map.IsTracked);
        Assert.Equal(2, switched);
    }

    [Fact]
    public async Task A_slow_watcher_loses_the_oldest_and_is_told_how_many()
    {
        BpfMap map = _bench.Make(BpfMapType.Array, 4, 8, 10);
        using MapWatch watch = map.Watch(3);
        ValueTask waiting = watch.WaitAsync(TestContext.Current.CancellationToken);
        for (ulong i = 0; i < 8; i++)
            map.UpdateElem(MapBench.Bytes(i, 4), MapBench.Bytes(i, 8), 0);
        await waiting.AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal([6ul, 7ul, 8ul], watch.Take(out ulong dropped).Select(c => c.Seq));
        Assert.Equal(5ul, dropped);
    }

    [Fact]
    public unsafe void Stores_during_flushes_are_never_lost()
    {
        BpfMap map = _bench.Make(BpfMapType.Array, 4, 8, 64);
        map.HoldDurable();
        MapTracking tracking = map.Tracking!;
        var kept = new Dictionary<uint, ulong>();
        bool done = false;
        var writer = new Thread(() =>
        {
            for (ulong i = 1; i <= 200_000; i++)
            {
                ulong address = map.FastPath!.Values + i % 64 * 8;
                *(ulong*)address = i;
                TrackedStores.After(_run, address, 8);
            }

            Volatile.Write(ref done, true);
        });
        writer.Start();
        bool last;
        do
        {
            last = Volatile.Read(ref done);
            foreach (DirtyElement element in tracking.TakeDirty())
                kept[BitConverter.ToUInt32(element.Key)] = BitConverter.ToUInt64(element.Value!);
        }
        while (!last);

        writer.Join();
        for (uint i = 0; i < 64; i++)
            Assert.Equal(*(ulong*)(map.FastPath!.Values + i * 8), kept[i]);
    }

    [Fact]
    public void A_map_taken_out_of_a_map_lives_until_the_runs_of_that_moment_have_ended()
    {
        using var cpus = new CpuPool(_bench.Context, new NoServices());
        BpfMap inner = _bench.Make(BpfMapType.Hash, 4, 8, 10);
        var fds = new OneMap(inner);
        _bench.TryMake(new MapDefinition(BpfMapType.ArrayOfMaps, 4, 4, 2) { InnerMap = inner }, out BpfMap? outer);
        int before = inner.References;
        Assert.Equal(0, outer!.UpdateElem(MapBench.Bytes(0, 4), MapBench.Bytes(7, 4), 0, new MapCaller(_bench.Task, fds)));
        Assert.Equal(before + 1, inner.References);
        RunContext first = cpus.Rent(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(inner.Address, outer.Lookup(_bench.Place(0, 4), 0));
        Assert.Equal(0, outer.DeleteElem(MapBench.Bytes(0, 4)));
        RunContext second = cpus.Rent(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(before + 1, inner.References);
        cpus.Return(first);
        Assert.Equal(before, inner.References);
        cpus.Return(second);
    }

    private unsafe void Store(ulong address, uint value)
    {
        TrackedStores.Before(_run, address, 4);
        *(uint*)address = value;
        TrackedStores.After(_run, address, 4);
    }

    private static IEnumerable<uint> Words(byte[] value) => Enumerable.Range(0, value.Length / 4).Select(i => BitConverter.ToUInt32(value, i * 4));

    private sealed class Recorder : IMapJournal
    {
        public List<string> Entries { get; } = [];

        public void Updated(BpfMap map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Entries.Add($"{key[0]}={value[0]}");

        public void Deleted(BpfMap map, ReadOnlySpan<byte> key) => Entries.Add($"{key[0]} gone");
    }

    private sealed class OneMap(BpfMap map) : IMapFdResolver
    {
        public WebBpf.Kernel.Programs.BpfProgram? GetProgram(int fd, out int error)
        {
            error = -Errno.EINVAL;
            return null;
        }

        public BpfMap? GetMap(int fd, out int error)
        {
            error = 0;
            map.Get();
            return map;
        }

        public KernelObject? GetPerfEvent(int fd, out int error)
        {
            error = -Errno.EBADF;
            return null;
        }
    }

    private sealed class NoServices : IRunServices
    {
        public ulong MonotonicNs => 0;
        public ulong BootNs => 0;
        public ulong RealtimeNs => 0;
        public ulong TaiNs => 0;
        public BpfTask CurrentTask { get; } = new() { Pid = 1 };

        public void Trace(RunContext run, string text)
        {
        }
    }
}
