using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Kernel.Maps;

public sealed unsafe class LruHashMapTests : IDisposable
{
    private readonly MapBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(MapFlags.NoCommonLru)]
    public void It_never_holds_more_than_its_entries_and_always_takes_a_new_one(uint flags)
    {
        BpfMap map = _bench.Make(BpfMapType.LruHash, 4, 8, 300, flags);
        for (ulong i = 0; i < 5000; i++)
        {
            Assert.Equal(0, map.Update(_bench.Place(i, 4), _bench.Place(i, 8), 0, (int)(i % 7 % MapBench.Cpus)));
            Assert.Equal(i, *(ulong*)map.Lookup(_bench.Place(i, 4), 0));
        }

        Assert.InRange(Count(map), 50, 300);
    }

    [Fact]
    public void What_programs_look_up_stays_and_what_they_do_not_goes()
    {
        BpfMap map = _bench.Make(BpfMapType.LruHash, 4, 8, 1000);
        ulong hot = _bench.Place(1_000_000, 4);
        map.Update(hot, _bench.Place(1, 8), 0, 0);
        for (ulong i = 0; i < 20000; i++)
        {
            Assert.NotEqual(0ul, map.Lookup(hot, 0));
            map.Update(_bench.Place(i, 4), _bench.Place(i, 8), 0, 0);
        }

        Assert.Equal(0ul, map.Lookup(_bench.Place(0, 4), 0));
    }

    [Fact]
    public void Many_threads_leave_a_sound_map()
    {
        BpfMap map = _bench.Make(BpfMapType.LruHash, 8, 8, 500);
        int wrong = 0;
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(thread);
            byte[] value = new byte[8];
            for (int i = 0; i < 30000; i++)
            {
                byte[] key = BitConverter.GetBytes((ulong)random.Next(2000));
                int result = random.Next(5) switch
                {
                    0 => map.DeleteElem(key) is 0 or -Errno.ENOENT ? 0 : 1,
                    1 => map.LookupElem(key, value, 0) is 0 or -Errno.ENOENT ? 0 : 1,
                    _ => map.UpdateElem(key, key, 0),
                };
                if (result != 0)
                    Interlocked.Increment(ref wrong);
            }
        });
        Assert.Equal(0, wrong);
        int count = Count(map);
        Assert.InRange(count, 1, 500);
        byte[] all = new byte[8];
        for (ulong i = 0; i < 2000; i++)
            map.DeleteElem(BitConverter.GetBytes(i));
        Assert.Equal(0, Count(map));
        for (ulong i = 0; i < 400; i++)
            Assert.Equal(0, map.UpdateElem(BitConverter.GetBytes(i), all, 0));
    }

    private static int Count(BpfMap map)
    {
        int count = 0;
        byte[] key = [];
        byte[] next = new byte[map.KeySize];
        while (map.GetNextKey(key, next) == 0)
        {
            key = [.. next];
            count++;
        }

        return count;
    }
}
