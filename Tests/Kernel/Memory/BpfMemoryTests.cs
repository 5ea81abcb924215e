using WebBpf.Kernel.Memory;
using Xunit;

namespace WebBpf.Tests.Kernel.Memory;

public sealed unsafe class BpfMemoryTests : IDisposable
{
    private readonly BpfMemory _memory = new();

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void The_region_is_aligned_to_its_size_and_reachable_at_both_ends()
    {
        Assert.Equal(0u, (uint)(ulong)_memory.Base);
        _memory.Base[0] = 1;
        _memory.Base[uint.MaxValue] = 2;
        Assert.Equal(0, _memory.Base[-65536]);
        Assert.Equal(0, _memory.Base[(1L << 32) + 65535]);
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(24, 8)]
    [InlineData(100, 64)]
    [InlineData(129, 8)]
    [InlineData(5000, 4096)]
    [InlineData(32768, 8)]
    [InlineData(32769, 8)]
    [InlineData(40000, 1 << 20)]
    public void Blocks_are_zero_aligned_apart_and_never_below_64_KiB(uint size, uint align)
    {
        var taken = new List<ulong>();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 40; i++)
            {
                ulong address = _memory.Allocate(size, align);
                Assert.Equal(0ul, address % align);
                Assert.True((uint)address >= 65536);
                Assert.True(_memory.Contains(address, size));
                var bytes = new Span<byte>((byte*)address, (int)size);
                Assert.False(bytes.ContainsAnyExcept((byte)0));
                bytes.Fill(0xaa);
                taken.Add(address);
            }

            taken.Sort();
            for (int i = 1; i < taken.Count; i++)
                Assert.True(taken[i] - taken[i - 1] >= size);
            foreach (ulong address in taken)
                _memory.Free(address, size);
            taken.Clear();
            Assert.Equal(0ul, _memory.BytesInUse);
        }
    }

    [Fact]
    public void What_does_not_fit_gives_0_and_freed_room_is_found_again()
    {
        Assert.Equal(0ul, _memory.Allocate(1UL << 32));
        Assert.Equal(0ul, _memory.Allocate(0));
        ulong half = _memory.Allocate(2UL << 30);
        Assert.NotEqual(0ul, half);
        Assert.Equal(0ul, _memory.Allocate(2UL << 30));
        ulong quarter = _memory.Allocate(1UL << 30);
        Assert.NotEqual(0ul, quarter);
        _memory.Free(half, 2UL << 30);
        Assert.NotEqual(0ul, _memory.Allocate((2UL << 30) - 65536));
    }

    [Fact]
    public void A_block_that_was_not_handed_out_cannot_be_freed()
    {
        Assert.Throws<ArgumentException>(() => _memory.Free((ulong)_memory.Base + 65536, 16));
        ulong large = _memory.Allocate(1 << 20);
        Assert.Throws<ArgumentException>(() => _memory.Free(large + 65536, 1 << 20));
        _memory.Free(large, 1 << 20);
        Assert.Throws<ArgumentException>(() => _memory.Free(large, 1 << 20));
    }

    [Fact]
    public void Many_threads_never_get_the_same_block()
    {
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(thread);
            var mine = new List<(ulong Address, uint Size)>();
            for (int i = 0; i < 20000; i++)
            {
                if (mine.Count > 200 || (mine.Count > 0 && random.Next(3) == 0))
                {
                    (ulong address, uint size) = mine[^1];
                    mine.RemoveAt(mine.Count - 1);
                    Assert.Equal((byte)thread, *(byte*)address);
                    Assert.Equal((byte)thread, *((byte*)address + size - 1));
                    _memory.Free(address, size);
                    continue;
                }

                uint length = (uint)(random.Next(50) == 0 ? random.Next(1, 200_000) : random.Next(1, 600));
                ulong block = _memory.Allocate(length);
                Assert.NotEqual(0ul, block);
                Assert.Equal(0, *(byte*)block);
                *(byte*)block = (byte)thread;
                *((byte*)block + length - 1) = (byte)thread;
                mine.Add((block, length));
            }

            foreach ((ulong address, uint size) in mine)
                _memory.Free(address, size);
        });
        Assert.Equal(0ul, _memory.BytesInUse);
    }

    [Fact]
    public void Copies_of_a_per_cpu_area_share_no_cache_line()
    {
        var area = PerCpuArea.Allocate(_memory, 12, 3);
        Assert.Equal(64ul, area.Stride);
        Assert.Equal(0ul, area[0] % 64);
        Assert.Equal(area[0] + 128, area[2]);
        area.Free(_memory);
        Assert.Equal(0ul, _memory.BytesInUse);
    }

    [Fact]
    public void The_message_of_a_missing_reservation_says_what_to_set()
    {
        var error = new BpfMemoryException(1UL << 32, "mmap failed with error 12.");
        Assert.Contains("4096 MiB", error.Message, StringComparison.Ordinal);
        Assert.Contains(OperatingSystem.IsWindows() ? "page file" : "vm.overcommit_memory", error.Message, StringComparison.Ordinal);
    }
}
