using System.Numerics;
using System.Runtime.InteropServices;

namespace WebBpf.Kernel.Memory;

/// <summary>
/// The sandbox: one reserved, 4 GiB-aligned region of 4 GiB per kernel that holds everything BPF code can reach (stacks,
/// contexts, packets, map values, ring buffers). It is readable and writable throughout, with margins of 64 KiB on both sides, and stays
/// mapped while the kernel lives, so that <c>base + (uint)pointer</c> never faults whatever the pointer is.
/// Its first 64 KiB are never handed out: a null pointer or a small offset from it reaches nobody's data.
///
/// Blocks up to 32 KiB come from classes of equal blocks (<see cref="SmallBlocks"/>), larger ones are runs of 64 KiB chunks
/// (<see cref="ChunkTable"/>) whose pages go back to the system when they are freed. A table tells of each chunk which it is.
/// </summary>
public sealed unsafe class BpfMemory : IDisposable
{
    private const ulong Length = 1UL << 32;
    private const ulong Margin = 1 << 16;
    private const ulong ChunkSize = 1UL << ChunkTable.ChunkBits;
    private const byte LargeRun = 255;

    private readonly Lock _lock = new();
    private readonly Reservation _reservation;
    private readonly ChunkTable _chunks = new();
    private readonly SmallBlocks _small;

    /// <summary>By chunk: 0 not handed out, class + 1 for small blocks, <see cref="LargeRun"/> for the first chunk of a run.</summary>
    private readonly byte[] _kinds = new byte[ChunkTable.Chunks];

    /// <summary>By first chunk of a run: its chunks.</summary>
    private readonly int[] _runs = new int[ChunkTable.Chunks];
    private long _largeInUse;

    /// <exception cref="BpfMemoryException">The address space cannot be had; the message says what to set.</exception>
    public BpfMemory()
    {
        _reservation = new Reservation(Length, Margin);
        Base = _reservation.Base;
        // The last chunk stays out too, so that the end of a block always fits in 32 bits.
        _chunks.Exclude(0, 1);
        _chunks.Exclude(ChunkTable.Chunks - 1, 1);
        _small = new SmallBlocks(TakeSmallChunk);
    }

    /// <summary>Start of the region; its low 32 bits are zero.</summary>
    public byte* Base { get; }

    /// <summary>Bytes handed out and not freed, rounded up as they were allocated.</summary>
    public ulong BytesInUse => _small.InUse + (ulong)Volatile.Read(ref _largeInUse);

    /// <summary>Bytes that are not available for large blocks any more: runs, chunks of small blocks, and the first and last 64 KiB.</summary>
    public ulong BytesReserved
    {
        get
        {
            lock (_lock)
                return (ulong)_chunks.Taken << ChunkTable.ChunkBits;
        }
    }

    /// <summary>Allocates zeroed memory. Returns its real address, or 0 where no room is left (ENOMEM).</summary>
    /// <param name="size">Bytes, at least 1.</param>
    /// <param name="align">A power of two from 8 to 1 GiB.</param>
    public ulong Allocate(ulong size, uint align = 8)
    {
        if (size == 0 || size > Length || align > 1 << 30 || !BitOperations.IsPow2(align))
            return 0;
        // Blocks of power-of-two classes are aligned to their size, all others to 16.
        ulong rounded = align <= 16 ? size : BitOperations.RoundUpToPowerOf2(Math.Max(size, align));
        return rounded <= SizeClass.Largest ? AllocateSmall((uint)rounded) : AllocateLarge(size, align);
    }

    /// <summary>
    /// Gives back what <see cref="Allocate"/> returned, with the same size; large blocks return their pages to the system and must not be read
    /// by anybody any more who minds zeros.
    /// </summary>
    public void Free(ulong address, ulong size)
    {
        if (!Contains(address, size))
            throw new ArgumentException($"{address:x} is not an address of this memory.", nameof(address));
        uint offset = (uint)address;
        int chunk = (int)(offset >> ChunkTable.ChunkBits);
        byte kind = Volatile.Read(ref _kinds[chunk]);
        if (kind == LargeRun && (offset & (ChunkSize - 1)) == 0)
            FreeLarge(chunk);
        else if (kind is > 0 and < LargeRun && size <= SizeClass.Size(kind - 1))
            _small.Return(kind - 1, offset);
        else
            throw new ArgumentException($"No block of {size} bytes begins at {address:x}.", nameof(address));
    }

    /// <summary>The masked view of an address that a program holds: always inside the region.</summary>
    public byte* Resolve(ulong address) => Base + (uint)address;

    /// <summary>True where the range lies wholly inside the region (used by probe reads and by copies from user memory).</summary>
    public bool Contains(ulong address, ulong size) =>
        address >= (ulong)Base && size <= Length && address - (ulong)Base <= Length - size;

    /// <summary>Unmaps the region. Nothing may run or hold an address of it any more.</summary>
    public void Dispose() => _reservation.Dispose();

    private ulong AllocateSmall(uint size)
    {
        int sizeClass = SizeClass.Of(size);
        uint offset = _small.Take(sizeClass);
        if (offset == 0)
            return 0;
        NativeMemory.Clear(Base + offset, SizeClass.Size(sizeClass));
        return (ulong)Base + offset;
    }

    private ulong AllocateLarge(ulong size, uint align)
    {
        int count = (int)((size + ChunkSize - 1) >> ChunkTable.ChunkBits);
        int step = (int)Math.Max(1, align >> ChunkTable.ChunkBits);
        int first;
        lock (_lock)
        {
            first = _chunks.Take(count, step);
            if (first < 0)
                return 0;
            _runs[first] = count;
            Volatile.Write(ref _kinds[first], LargeRun);
        }

        Interlocked.Add(ref _largeInUse, (long)count << ChunkTable.ChunkBits);
        return (ulong)Base + ((ulong)first << ChunkTable.ChunkBits);
    }

    private void FreeLarge(int first)
    {
        int count;
        lock (_lock)
        {
            count = _runs[first];
            if (_kinds[first] != LargeRun)
                throw new ArgumentException("The block was freed twice.");
            _kinds[first] = 0;
        }

        // Emptied before the chunks can be taken again: chunks in the table are always zero.
        Reservation.Discard(Base + ((ulong)first << ChunkTable.ChunkBits), (ulong)count << ChunkTable.ChunkBits);
        Interlocked.Add(ref _largeInUse, -((long)count << ChunkTable.ChunkBits));
        lock (_lock)
            _chunks.Return(first, count);
    }

    private int TakeSmallChunk(int sizeClass)
    {
        lock (_lock)
        {
            int chunk = _chunks.Take(1, 1);
            if (chunk >= 0)
                Volatile.Write(ref _kinds[chunk], (byte)(sizeClass + 1));
            return chunk;
        }
    }
}
