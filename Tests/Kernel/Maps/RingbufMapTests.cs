using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Kernel.Maps;

public sealed class RingbufMapTests : IDisposable
{
    private readonly MapBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public unsafe void Records_come_out_in_order_of_reservation_and_discarded_ones_not_at_all()
    {
        RingbufMap ring = Ring();
        ulong first = ring.Reserve(10), second = ring.Reserve(8), third = ring.Reserve(0);
        *(byte*)first = 1;
        *(byte*)second = 2;
        ring.Commit(second, 0, true);
        ring.Commit(third, 0, false);
        Assert.Empty(ring.Consume());
        Assert.Equal(24ul + 16 + 8, ring.Available);
        ring.Commit(first, 0, false);
        IReadOnlyList<byte[]> records = ring.Consume();
        Assert.Equal([10, 0], records.Select(r => r.Length));
        Assert.Equal(1, records[0][0]);
        Assert.Equal(0ul, ring.Available);
        Assert.Equal(48ul, ring.ConsumerPosition);
    }

    [Fact]
    public unsafe void A_full_ring_refuses_and_a_record_may_fill_it_but_for_one_byte()
    {
        RingbufMap ring = Ring();
        Assert.Equal(0ul, ring.Reserve(4096 - 8));
        Assert.Equal(0ul, ring.Reserve(4096));
        Assert.Equal(0ul, ring.Reserve(ulong.MaxValue));
        ulong record = ring.Reserve(4096 - 16);
        Assert.NotEqual(0ul, record);
        Assert.Equal(-Errno.EAGAIN, ring.Output(_bench.Place(1, 8), 8, 0));
        Assert.Equal(-Errno.EINVAL, ring.Output(_bench.Place(1, 8), 8, 4));
        ring.Commit(record, 0, false);
        Assert.Equal(4080, ring.Consume()[0].Length);
        Assert.Equal(0, ring.Output(_bench.Place(1, 8), 8, 0));
    }

    [Fact]
    public void Records_that_cross_the_end_stay_in_one_piece()
    {
        RingbufMap ring = Ring();
        for (int i = 0; i < 1000; i++)
        {
            byte[] data = [.. Enumerable.Range(0, 1 + i % 1500).Select(k => (byte)(i + k))];
            ulong place = _bench.Place(data);
            Assert.Equal(0, ring.Output(place, (ulong)data.Length, 0));
            _bench.Memory.Free(place, (ulong)data.Length);
            Assert.Equal(data, Assert.Single(ring.Consume()));
        }
    }

    [Fact]
    public async Task A_reader_is_woken_by_the_record_it_waits_for_and_not_by_one_that_asks_for_silence()
    {
        RingbufMap ring = Ring();
        ulong place = _bench.Place(7, 8);
        Task wait = ring.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        ring.Output(place, 8, RingbufMap.NoWakeup);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(wait.IsCompleted);
        ring.Output(place, 8, RingbufMap.ForceWakeup);
        await wait.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(2, ring.Consume().Count);
        wait = ring.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        ring.Output(place, 8, 0);
        await wait.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public unsafe void Many_producers_and_one_reader_lose_and_mix_nothing()
    {
        RingbufMap ring = Ring();
        const int producers = 8, each = 20000;
        int running = producers;
        long refused = 0;
        var seen = new ulong[producers];
        long taken = 0;
        var threads = Enumerable.Range(0, producers).Select(id => new Thread(() =>
        {
            for (ulong i = 1; i <= each;)
            {
                ulong record = ring.Reserve(16);
                if (record == 0)
                {
                    Interlocked.Increment(ref refused);
                    Thread.Yield();
                    continue;
                }

                *(ulong*)record = (ulong)id;
                *(ulong*)(record + 8) = i;
                ring.Commit(record, 0, i % 5 == 0);
                i++;
            }

            Interlocked.Decrement(ref running);
        })).ToArray();
        foreach (Thread thread in threads)
            thread.Start();
        bool ordered = true;
        while (Volatile.Read(ref running) > 0 || ring.IsReadable)
        {
            foreach (byte[] record in ring.Consume())
            {
                ulong id = BitConverter.ToUInt64(record), number = BitConverter.ToUInt64(record, 8);
                ordered &= number > seen[id] && number % 5 != 0;
                seen[id] = number;
                taken++;
            }
        }

        foreach (Thread thread in threads)
            thread.Join();
        Assert.True(ordered);
        Assert.Equal(producers * each * 4L / 5, taken);
        Assert.Equal(0ul, ring.Available);
    }

    private RingbufMap Ring() => (RingbufMap)_bench.Make(BpfMapType.Ringbuf, 0, 0, 4096);
}
