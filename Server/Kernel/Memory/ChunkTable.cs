using System.Numerics;

namespace WebBpf.Kernel.Memory;

/// <summary>
/// Which of the 65,536 chunks of 64 KiB are taken. Runs of chunks are found next-fit in a bitmap; a word of it tells of 4 MiB,
/// so that the longest search reads 8 KiB. Not thread-safe.
/// </summary>
internal sealed class ChunkTable
{
    public const int ChunkBits = 16;
    public const int Chunks = 1 << 16;
    private readonly ulong[] _taken = new ulong[Chunks / 64];
    private int _hint;

    public int Taken { get; private set; }

    /// <summary>Marks chunks that are never handed out.</summary>
    public void Exclude(int first, int count) => Mark(first, count, true);

    /// <summary>Takes a run of free chunks that starts at a multiple of <paramref name="align"/>; -1 where there is none.</summary>
    public int Take(int count, int align)
    {
        int found = Search(_hint, Chunks, count, align);
        if (found < 0)
            found = Search(0, Math.Min(Chunks, _hint + count), count, align);
        if (found < 0)
            return -1;
        Mark(found, count, true);
        _hint = found + count;
        return found;
    }

    public void Return(int first, int count)
    {
        Mark(first, count, false);
        _hint = Math.Min(_hint, first);
    }

    private int Search(int from, int to, int count, int align)
    {
        int start = (from + align - 1) / align * align;
        while (start + count <= to)
        {
            int taken = FirstTaken(start, start + count);
            if (taken < 0)
                return start;
            int free = FirstFree(taken + 1, to);
            if (free < 0)
                return -1;
            start = (free + align - 1) / align * align;
        }

        return -1;
    }

    private int FirstTaken(int from, int to) => First(from, to, 0);

    private int FirstFree(int from, int to) => First(from, to, ulong.MaxValue);

    /// <summary>First chunk in [from, to) whose bit, xor <paramref name="flip"/>, is set; -1 where none is.</summary>
    private int First(int from, int to, ulong flip)
    {
        for (int at = from; at < to; at = (at | 63) + 1)
        {
            ulong word = (_taken[at >> 6] ^ flip) >> (at & 63);
            if (word == 0)
                continue;
            int found = at + BitOperations.TrailingZeroCount(word);
            return found < to ? found : -1;
        }

        return -1;
    }

    private void Mark(int first, int count, bool taken)
    {
        for (int i = first; i < first + count; i++)
        {
            if (taken)
                _taken[i >> 6] |= 1UL << (i & 63);
            else
                _taken[i >> 6] &= ~(1UL << (i & 63));
        }

        Taken += taken ? count : -count;
    }
}
