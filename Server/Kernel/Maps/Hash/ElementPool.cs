using WebBpf.Kernel.Memory;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// Elements of one hash map: equal blocks in the sandbox, recycled through free lists per CPU and never given back while the map lives, so that a
/// reader without a lock always reads an element of this map. Preallocated maps take all at once; others grow chunk by chunk.
/// An element's offset in the region is its name; offsets are multiples of 8.
/// </summary>
internal sealed unsafe class ElementPool
{
    private const uint GrowBytes = 256 << 10;
    private const int Padding = 8;
    private readonly BpfMap _map;
    private readonly uint _elementSize;
    private readonly uint _linkAt;
    private readonly uint _limit;
    private readonly ulong _perCpuSize;
    private readonly Lock _growLock = new();

    /// <summary>Per CPU: lock, head, and padding to a cache line.</summary>
    private readonly int[] _lists;
    private readonly int _cpus;
    private Chunk[] _chunks = [];
    private uint _created;

    /// <param name="elementSize">Bytes of an element, a multiple of 8.</param>
    /// <param name="linkAt">Offset inside an element of the 4 bytes that link free ones.</param>
    /// <param name="limit">Elements at most.</param>
    /// <param name="perCpuSize">Bytes that each element has on every CPU (a multiple of 8), 0 for none.</param>
    public ElementPool(BpfMap map, uint elementSize, uint linkAt, uint limit, uint perCpuSize)
    {
        _map = map;
        _elementSize = elementSize;
        _linkAt = linkAt;
        _limit = limit;
        _perCpuSize = perCpuSize;
        _cpus = map.Context.Cpus;
        _lists = new int[(_cpus + 1) * Padding * 2];
        ChunkElements = Math.Clamp(GrowBytes / (elementSize + perCpuSize * (uint)_cpus), 1, limit);
    }

    /// <summary>Elements of a chunk (of all but a preallocated map's single one).</summary>
    public uint ChunkElements { get; private set; }

    /// <summary>Bytes from one CPU's part of an element to the next CPU's.</summary>
    public ulong CpuStride { get; private set; }

    public ulong Bytes { get; private set; }

    public IReadOnlyList<Chunk> Chunks => _chunks;

    /// <summary>Takes memory for all elements at once; false where there is no room.</summary>
    public bool Preallocate()
    {
        ChunkElements = _limit;
        return Grow();
    }

    /// <summary>Takes an element that no one uses; its content is that of its last user. 0 where the limit is reached or memory is used up.</summary>
    public uint Take(int cpu)
    {
        uint element = Pop(cpu);
        if (element != 0)
            return element;
        element = Create();
        // Others may hold free ones.
        for (int i = 1; element == 0 && i < _cpus; i++)
            element = Pop((cpu + i) % _cpus);
        return element;
    }

    public void Return(uint element, int cpu)
    {
        ref int listLock = ref _lists[cpu * Padding * 2];
        ref int head = ref _lists[cpu * Padding * 2 + 1];
        SpinLatch.Enter(ref listLock);
        *(uint*)(_map.Memory.Base + element + _linkAt) = (uint)head;
        head = (int)element;
        SpinLatch.Exit(ref listLock);
    }

    /// <summary>Number of an element, counted over all chunks.</summary>
    public int Index(uint element)
    {
        Chunk[] chunks = _chunks;
        for (int i = 0; i < chunks.Length; i++)
        {
            if (element >= chunks[i].Start && element < chunks[i].End)
                return i * (int)ChunkElements + (int)((element - chunks[i].Start) / _elementSize);
        }

        return -1;
    }

    public uint At(int index)
    {
        Chunk[] chunks = _chunks;
        int chunk = index / (int)ChunkElements;
        return chunk < chunks.Length ? chunks[chunk].Start + (uint)(index % ChunkElements) * _elementSize : 0;
    }

    /// <summary>Number of the element in which, or in whose per-CPU part, an address lies; -1 where in none.</summary>
    public int IndexOfAddress(uint at)
    {
        Chunk[] chunks = _chunks;
        for (int i = 0; i < chunks.Length; i++)
        {
            Chunk chunk = chunks[i];
            if (at >= chunk.Start && at < chunk.End)
                return i * (int)ChunkElements + (int)((at - chunk.Start) / _elementSize);
            if (_perCpuSize > 0 && at >= (uint)chunk.PerCpu.Address && at < (uint)chunk.PerCpu.Address + chunk.PerCpu.Size)
                return i * (int)ChunkElements + (int)((at - (uint)chunk.PerCpu.Address) % CpuStride / _perCpuSize);
        }

        return -1;
    }

    /// <summary>Offset in the region of CPU 0's part of an element.</summary>
    public uint PerCpuPart(uint element)
    {
        int index = Index(element);
        Chunk chunk = _chunks[index / (int)ChunkElements];
        return (uint)(chunk.PerCpu.Address + (uint)(index % ChunkElements) * _perCpuSize);
    }

    public void Free()
    {
        foreach (Chunk chunk in _chunks)
        {
            _map.Memory.Free((ulong)_map.Memory.Base + chunk.Start, chunk.End - chunk.Start);
            if (_perCpuSize > 0)
                chunk.PerCpu.Free(_map.Memory);
        }

        _chunks = [];
    }

    private uint Pop(int cpu)
    {
        ref int listLock = ref _lists[cpu * Padding * 2];
        ref int head = ref _lists[cpu * Padding * 2 + 1];
        if (Volatile.Read(ref head) == 0)
            return 0;
        SpinLatch.Enter(ref listLock);
        uint element = (uint)head;
        if (element != 0)
            head = *(int*)(_map.Memory.Base + element + _linkAt);
        SpinLatch.Exit(ref listLock);
        return element;
    }

    private uint Create()
    {
        while (true)
        {
            uint created = Volatile.Read(ref _created);
            if (created >= _limit)
                return 0;
            if (created / ChunkElements >= (uint)Volatile.Read(ref _chunks).Length && !Grow(created))
                return 0;
            if (Interlocked.CompareExchange(ref _created, created + 1, created) == created)
                return At((int)created);
        }
    }

    private bool Grow(uint created)
    {
        lock (_growLock)
            return created / ChunkElements < (uint)_chunks.Length || Grow();
    }

    private bool Grow()
    {
        ulong bytes = (ulong)ChunkElements * _elementSize;
        ulong start = _map.Memory.Allocate(bytes, 64);
        if (start == 0)
            return false;
        var perCpu = default(PerCpuArea);
        if (_perCpuSize > 0)
        {
            perCpu = PerCpuArea.Allocate(_map.Memory, ChunkElements * _perCpuSize, _cpus);
            if (perCpu.Address == 0)
            {
                _map.Memory.Free(start, bytes);
                return false;
            }

            CpuStride = perCpu.Stride;
        }

        Bytes += bytes + perCpu.Size;
        Volatile.Write(ref _chunks, [.. _chunks, new Chunk((uint)start, (uint)(start + bytes), perCpu)]);
        _map.Context.ValuesMoved(_map);
        return true;
    }

    /// <summary>Elements side by side in [Start, End) of the region, and their per-CPU parts.</summary>
    internal readonly record struct Chunk(uint Start, uint End, PerCpuArea PerCpu);
}
