using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Kernel.Maps;

public sealed unsafe class HashMapTests : IDisposable
{
    private readonly MapBench _bench = new();

    public void Dispose() => _bench.Dispose();

    public static TheoryData<BpfMapType, uint, uint, uint> Shapes()
    {
        var shapes = new TheoryData<BpfMapType, uint, uint, uint>();
        foreach (BpfMapType type in new[] { BpfMapType.Hash, BpfMapType.PercpuHash })
        {
            foreach (uint key in new uint[] { 1, 3, 4, 8, 12, 16, 40 })
            {
                foreach (uint flags in new uint[] { 0, MapFlags.NoPrealloc, MapFlags.ZeroSeed })
                    shapes.Add(type, key, 12, flags);
            }
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Random_operations_agree_with_a_dictionary(BpfMapType type, uint keySize, uint valueSize, uint flags)
    {
        BpfMap map = _bench.Make(type, keySize, valueSize, 50, flags);
        var model = new Dictionary<ulong, byte[]>();
        var random = new Random(7);
        for (int i = 0; i < 4000; i++)
        {
            ulong name = (ulong)random.Next(80);
            byte[] key = MapBench.Bytes(name, keySize);
            byte[] value = new byte[map.UserValueSize];
            random.NextBytes(value);
            switch (random.Next(4))
            {
                case 0:
                    Assert.Equal(model.Remove(name) ? 0 : -Errno.ENOENT, map.DeleteElem(key));
                    break;
                case 1:
                    byte[] read = new byte[map.UserValueSize];
                    int result = map.LookupElem(key, read, 0);
                    Assert.Equal(model.TryGetValue(name, out byte[]? expected) ? 0 : -Errno.ENOENT, result);
                    if (expected is not null)
                        Assert.Equal(expected, read);
                    break;
                default:
                    ulong how = (ulong)random.Next(3);
                    int wanted = model.ContainsKey(name) ? how == MapFlags.NoExist ? -Errno.EEXIST : 0
                        : how == MapFlags.Exist ? -Errno.ENOENT
                        : model.Count == 50 ? -Errno.E2BIG : 0;
                    Assert.Equal(wanted, map.UpdateElem(key, value, how));
                    if (wanted == 0)
                        model[name] = value;
                    break;
            }
        }

        Assert.Equal(model.Keys.Order(), Keys(map).Order());
    }

    [Fact]
    public void The_fast_path_of_a_program_finds_what_the_system_call_wrote()
    {
        foreach (uint keySize in new uint[] { 4, 8, 16, 6 })
        {
            BpfMap map = _bench.Make(BpfMapType.Hash, keySize, 8, 100);
            for (ulong i = 0; i < 100; i++)
                Assert.Equal(0, map.UpdateElem(MapBench.Bytes(i, keySize), MapBench.Bytes(i * 3, 8), 0));
            for (ulong i = 0; i < 100; i++)
            {
                ulong key = _bench.Place(i, keySize);
                ulong found = (ulong)map.FastPath!.Method!.Invoke(null, [map, key])!;
                Assert.Equal(i * 3, *(ulong*)found);
                Assert.Equal(0ul, found % 8);
                Assert.Equal(found, map.Lookup(key, 0));
            }

            Assert.Equal(0ul, map.Lookup(_bench.Place(100, keySize), 0));
        }
    }

    [Fact]
    public void A_pointer_to_a_value_keeps_the_old_value_after_an_update()
    {
        BpfMap map = _bench.Make(BpfMapType.Hash, 4, 8, 4);
        ulong key = _bench.Place(1, 4);
        Assert.Equal(0, map.Update(key, _bench.Place(10, 8), 0, 0));
        ulong old = map.Lookup(key, 0);
        Assert.Equal(0, map.Update(key, _bench.Place(11, 8), 0, 0));
        Assert.Equal(10ul, *(ulong*)old);
        Assert.Equal(11ul, *(ulong*)map.Lookup(key, 0));
    }

    [Fact]
    public void A_program_writes_its_own_copy_and_zeroes_the_others_of_a_new_element()
    {
        BpfMap map = _bench.Make(BpfMapType.PercpuHash, 4, 8, 1);
        ulong key = _bench.Place(1, 4);
        byte[] all = new byte[map.UserValueSize];
        Array.Fill(all, (byte)0xff);
        Assert.Equal(0, map.UpdateElem(MapBench.Bytes(1, 4), all, 0));
        Assert.Equal(0, map.Update(key, _bench.Place(5, 8), 0, 1));
        Assert.Equal([ulong.MaxValue, 5ul, ulong.MaxValue], Copies(map, key));
        Assert.Equal(0, map.Delete(key, 0));
        Assert.Equal(0, map.Update(key, _bench.Place(6, 8), 0, 2));
        Assert.Equal([0ul, 0ul, 6ul], Copies(map, key));
    }

    [Fact]
    public void An_element_deleted_while_walking_does_not_end_the_walk()
    {
        BpfMap map = _bench.Make(BpfMapType.Hash, 4, 8, 64);
        for (ulong i = 0; i < 64; i++)
            map.UpdateElem(MapBench.Bytes(i, 4), MapBench.Bytes(i, 8), 0);
        var position = default(MapCursor);
        int seen = 0;
        while (map.NextElement(ref position, 0, 0, out ulong key, out _))
        {
            seen++;
            Assert.Equal(0, map.Delete(key, 0));
        }

        Assert.Equal(64, seen);
        Assert.Empty(Keys(map));
    }

    [Fact]
    public void Readers_and_writers_at_once_never_see_a_foreign_or_torn_value()
    {
        BpfMap map = _bench.Make(BpfMapType.Hash, 8, 16, 256);
        int wrong = 0;
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(thread);
            byte[] key = new byte[8];
            byte[] value = new byte[16];
            for (int i = 0; i < 40000; i++)
            {
                ulong name = (ulong)random.Next(300);
                BitConverter.TryWriteBytes(key, name);
                int what = thread < 4 ? 2 : random.Next(3);
                if (what == 0)
                {
                    map.DeleteElem(key);
                }
                else if (what == 1)
                {
                    BitConverter.TryWriteBytes(value, name * 1000);
                    BitConverter.TryWriteBytes(value.AsSpan(8), name * 1000 + 1);
                    int result = map.UpdateElem(key, value, 0);
                    if (result is not (0 or -Errno.E2BIG))
                        Interlocked.Increment(ref wrong);
                }
                else if (map.LookupElem(key, value, 0) == 0)
                {
                    // An element may be recycled while it is copied, as in the kernel; then the two halves belong to some key, each.
                    ulong first = BitConverter.ToUInt64(value), second = BitConverter.ToUInt64(value, 8);
                    if (first % 1000 != 0 || second % 1000 != 1)
                        Interlocked.Increment(ref wrong);
                }
            }
        });
        Assert.Equal(0, wrong);
        List<ulong> keys = Keys(map);
        Assert.Equal(keys.Count, keys.Distinct().Count());
        foreach (ulong name in keys)
        {
            byte[] value = new byte[16];
            Assert.Equal(0, map.LookupElem(BitConverter.GetBytes(name), value, 0));
            Assert.Equal(name * 1000, BitConverter.ToUInt64(value));
            Assert.Equal(0, map.DeleteElem(BitConverter.GetBytes(name)));
        }

        for (ulong i = 0; i < 256; i++)
            Assert.Equal(0, map.UpdateElem(BitConverter.GetBytes(i), new byte[16], 0));
        Assert.Equal(-Errno.E2BIG, map.UpdateElem(BitConverter.GetBytes(1000UL), new byte[16], 0));
    }

    private static List<ulong> Keys(BpfMap map)
    {
        var keys = new List<ulong>();
        byte[] key = [];
        byte[] next = new byte[map.KeySize];
        while (map.GetNextKey(key, next) == 0)
        {
            key = [.. next];
            ulong name = 0;
            for (int i = 0; i < Math.Min(8, key.Length); i++)
                name |= (ulong)key[i] << (8 * i);
            keys.Add(name);
        }

        return keys;
    }

    private static ulong[] Copies(BpfMap map, ulong key) => [.. Enumerable.Range(0, MapBench.Cpus).Select(cpu => *(ulong*)map.Lookup(key, cpu))];
}
