namespace WebBpf.Kernel.Memory;

/// <summary>
/// Blocks up to 32 KiB: each class cuts chunks of 64 KiB into equal blocks. Threads take and return through one of several magazines; only a magazine
/// that runs empty or full goes to the class's common stack, half a magazine at a time. Free lists lie outside the sandbox, where no BPF
/// program can reach them. Chunks of small blocks stay with their class.
/// </summary>
internal sealed class SmallBlocks
{
    private const int MagazineBlocks = 32;
    private readonly Func<int, int> _takeChunk;
    private readonly Magazine[] _magazines;
    private readonly Depot[] _depots = new Depot[SizeClass.Count];

    /// <param name="takeChunk">Takes a chunk for a class and gives its number, or -1 where none is left.</param>
    public SmallBlocks(Func<int, int> takeChunk)
    {
        _takeChunk = takeChunk;
        _magazines = new Magazine[Math.Clamp(Environment.ProcessorCount * 2, 2, 32)];
        for (int i = 0; i < _magazines.Length; i++)
            _magazines[i] = new Magazine();
        for (int i = 0; i < _depots.Length; i++)
            _depots[i] = new Depot();
    }

    /// <summary>Bytes handed out and not yet returned.</summary>
    public ulong InUse
    {
        get
        {
            long sum = 0;
            foreach (Magazine magazine in _magazines)
                sum += Volatile.Read(ref magazine.InUse);
            return (ulong)Math.Max(0, sum);
        }
    }

    /// <summary>Takes a block of a class; its offset in the region, or 0 where no room is left. Its content is that of its last user.</summary>
    public uint Take(int sizeClass)
    {
        Magazine magazine = Own();
        lock (magazine.Lock)
        {
            ref int count = ref magazine.Counts[sizeClass];
            uint[] blocks = magazine.Blocks[sizeClass];
            if (count == 0)
                count = Refill(sizeClass, blocks.AsSpan(0, MagazineBlocks / 2));
            if (count == 0)
                return 0;
            magazine.InUse += SizeClass.Size(sizeClass);
            return blocks[--count];
        }
    }

    public void Return(int sizeClass, uint offset)
    {
        Magazine magazine = Own();
        lock (magazine.Lock)
        {
            ref int count = ref magazine.Counts[sizeClass];
            uint[] blocks = magazine.Blocks[sizeClass];
            if (count == MagazineBlocks)
            {
                count = MagazineBlocks / 2;
                Flush(sizeClass, blocks.AsSpan(count));
            }

            magazine.InUse -= SizeClass.Size(sizeClass);
            blocks[count++] = offset;
        }
    }

    private Magazine Own() => _magazines[(uint)Environment.CurrentManagedThreadId % (uint)_magazines.Length];

    private int Refill(int sizeClass, Span<uint> into)
    {
        Depot depot = _depots[sizeClass];
        uint size = SizeClass.Size(sizeClass);
        int filled = 0;
        lock (depot.Lock)
        {
            while (filled < into.Length && depot.Count > 0)
                into[filled++] = depot.Blocks[--depot.Count];
            while (filled < into.Length)
            {
                if (depot.Remaining < size)
                {
                    int chunk = filled == 0 ? _takeChunk(sizeClass) : -1;
                    if (chunk < 0)
                        break;
                    depot.Next = (uint)chunk << ChunkTable.ChunkBits;
                    depot.Remaining = 1 << ChunkTable.ChunkBits;
                }

                into[filled++] = depot.Next;
                depot.Next += size;
                depot.Remaining -= size;
            }
        }

        return filled;
    }

    private void Flush(int sizeClass, ReadOnlySpan<uint> blocks)
    {
        Depot depot = _depots[sizeClass];
        lock (depot.Lock)
        {
            if (depot.Count + blocks.Length > depot.Blocks.Length)
                Array.Resize(ref depot.Blocks, Math.Max(64, depot.Blocks.Length * 2));
            blocks.CopyTo(depot.Blocks.AsSpan(depot.Count));
            depot.Count += blocks.Length;
        }
    }

    /// <summary>What one group of threads keeps at hand.</summary>
    private sealed class Magazine
    {
        public readonly Lock Lock = new();
        public readonly int[] Counts = new int[SizeClass.Count];
        public readonly uint[][] Blocks = new uint[SizeClass.Count][];
        public long InUse;

        public Magazine()
        {
            for (int i = 0; i < Blocks.Length; i++)
                Blocks[i] = new uint[MagazineBlocks];
        }
    }

    /// <summary>The common stock of a class: returned blocks, and the uncut rest of its newest chunk.</summary>
    private sealed class Depot
    {
        public readonly Lock Lock = new();
        public uint[] Blocks = [];
        public int Count;
        public uint Next;
        public uint Remaining;
    }
}
