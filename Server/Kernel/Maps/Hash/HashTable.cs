using System.Runtime.CompilerServices;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// The table under all hash maps, as kernel/bpf/hashtab.c. Buckets are chains of elements in the sandbox:
/// <code>
///  0      4      8      12     16              16 + round_up(key, 8)
///  | next | hash | link | ref  | key, padded   | value (or the offset of its per-CPU copies)
/// </code>
/// <c>next</c> is the next element's offset in the region, or <c>bucket * 2 + 1</c> at the end of a chain. Readers take no lock: elements are recycled only within
/// their map, and a reader that was led into another bucket's chain sees so by the end mark and starts again. Writers hold the
/// bucket's latch; latches are fewer than buckets in large maps. New elements go to the head of their chain.
/// </summary>
internal abstract unsafe class HashTable<TKey> : BpfMap
    where TKey : struct, IHashKey
{
    protected const uint KeyAt = 16;
    protected const uint LinkAt = 8;
    protected const uint RefAt = 12;
    private const uint HashAt = 4;
    private const int MaxLatches = 1 << 12;

    // A chain that a broken program spoilt may run in a circle; no sound one comes near this.
    private const int LongestWalk = 1 << 24;

    private readonly HashSeed _seed;
    private readonly byte* _base;
    private readonly uint _keyBytes;
    private readonly int[] _latches;
    private uint* _heads;
    private uint _mask;
    private ulong _headBytes;

    protected HashTable(MapDefinition definition, MapContext context)
        : base(definition, context)
    {
        _base = Memory.Base;
        _keyBytes = definition.KeySize;
        _seed = (definition.Flags & MapFlags.ZeroSeed) != 0 ? default : HashSeed.Random();
        ValueAt = KeyAt + ((definition.KeySize + 7) & ~7U);
        Buckets = (uint)System.Numerics.BitOperations.RoundUpToPowerOf2(Math.Min(definition.MaxEntries, 1U << 31));
        _latches = new int[Math.Min(Buckets, MaxLatches)];
    }

    public override ulong MemoryUsage => _headBytes + Pool.Bytes;

    internal override IReadOnlyList<(ulong Start, ulong End)> ValueRanges =>
        [.. Pool.Chunks.Select(c => c.PerCpu.Address != 0 ? (c.PerCpu.Address, c.PerCpu.Address + c.PerCpu.Size) : ((ulong)c.Start, (ulong)c.End))];

    protected ElementPool Pool { get; init; } = null!;

    /// <summary>Offset of the value inside an element.</summary>
    protected uint ValueAt { get; }

    protected uint Buckets { get; }

    protected byte* Base => _base;

    /// <summary>Takes memory for the buckets and, where asked, for all elements; 0, E2BIG or ENOMEM.</summary>
    internal int Allocate(bool preallocate)
    {
        // Linux keeps 16 bytes per bucket and demands that their number fits in 32 bits.
        if (MaxEntries > 1U << 31 || Buckets > uint.MaxValue / 16)
            return -Errno.E2BIG;
        _headBytes = (ulong)Buckets * sizeof(uint);
        ulong heads = Memory.Allocate(_headBytes, 64);
        if (heads == 0)
            return -Errno.ENOMEM;
        _heads = (uint*)heads;
        _mask = Buckets - 1;
        if ((preallocate && !Pool.Preallocate()) || !Register())
            return -Errno.ENOMEM;
        Prepare();
        return 0;
    }

    public override int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next)
    {
        uint bucket = 0;
        if (!key.IsEmpty)
        {
            fixed (byte* name = key)
            {
                uint hash = Hash(name);
                uint found = FindElement(name, hash);
                if (found != 0)
                {
                    uint after = Volatile.Read(ref *(uint*)(_base + found));
                    if ((after & 1) == 0)
                        return CopyKey(after, next);
                    bucket = (hash & _mask) + 1;
                }
            }
        }

        for (; bucket < Buckets; bucket++)
        {
            uint head = Volatile.Read(ref _heads[bucket]);
            if (head != 0 && (head & 1) == 0)
                return CopyKey(head, next);
        }

        return -Errno.ENOENT;
    }

    public override bool NextElement(ref MapCursor position, int cpu, ulong scratch, out ulong key, out ulong value)
    {
        // The cursor holds the successor: the callback may delete the element it is given.
        key = value = 0;
        uint at = position.Element, bucket = position.Bucket;
        while ((at & 1) != 0 || at == 0)
        {
            if (bucket >= Buckets)
                return false;
            at = Volatile.Read(ref _heads[bucket++]);
        }

        position = new MapCursor(bucket, Volatile.Read(ref *(uint*)(_base + at)));
        key = (ulong)_base + at + KeyAt;
        value = ValueOf(at, cpu);
        return true;
    }

    internal override int SlotOf(ulong address) => Pool.IndexOfAddress((uint)address);

    internal override bool KeyOfSlot(int slot, Span<byte> key)
    {
        uint element = Pool.At(slot);
        if (element == 0)
            return false;
        CopyKey(element, key);
        return true;
    }

    /// <summary>Called once, when the memory is there.</summary>
    protected virtual void Prepare()
    {
    }

    /// <summary>Address of a value as programs on a CPU see it.</summary>
    protected virtual ulong ValueOf(uint element, int cpu) => (ulong)_base + element + ValueAt;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected uint Hash(byte* key) => TKey.Hash(key, _keyBytes, in _seed);

    /// <summary>Offset of the element of a key, or 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected uint FindElement(byte* key, uint hash)
    {
        uint bucket = hash & _mask;
        uint at = Volatile.Read(ref _heads[bucket]);
        if (at == 0)
            return 0;
        byte* start = _base;
        while ((at & 1) == 0)
        {
            byte* element = start + at;
            if (*(uint*)(element + HashAt) == hash && TKey.Equal(element + KeyAt, key, _keyBytes))
                return at;
            at = *(uint*)element;
        }

        return at == EndOf(bucket) ? 0 : FindAgain(key, hash);
    }

    /// <summary>Takes the latch of a bucket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Enter(uint hash) => SpinLatch.Enter(ref _latches[hash & _mask & (uint)(_latches.Length - 1)]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Exit(uint hash) => SpinLatch.Exit(ref _latches[hash & _mask & (uint)(_latches.Length - 1)]);

    /// <summary>Puts an element with key and value at the head of its chain; the latch is held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Link(uint element, byte* key, uint hash)
    {
        uint bucket = hash & _mask;
        byte* at = _base + element;
        *(uint*)(at + HashAt) = hash;
        TKey.Copy(at + KeyAt, key, _keyBytes);
        uint head = _heads[bucket];
        Volatile.Write(ref *(uint*)at, head == 0 ? EndOf(bucket) : head);
        Volatile.Write(ref _heads[bucket], element);
    }

    /// <summary>Takes an element out of its chain; the latch is held. Readers in it go on to its successor. False where it is not there.</summary>
    protected bool Unlink(uint element, uint hash)
    {
        uint* previous = &_heads[hash & _mask];
        for (int walked = 0; walked < LongestWalk; walked++)
        {
            uint at = *previous;
            if (at == 0 || (at & 1) != 0)
                return false;
            if (at == element)
            {
                Volatile.Write(ref *previous, *(uint*)(_base + at));
                return true;
            }

            previous = (uint*)(_base + at);
        }

        return false;
    }

    protected uint HashOf(uint element) => *(uint*)(_base + element + HashAt);

    protected override void Release()
    {
        base.Release();
        Pool.Free();
        if (_heads != null)
            Memory.Free((ulong)_heads, _headBytes);
    }

    private static uint EndOf(uint bucket) => bucket << 1 | 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint FindAgain(byte* key, uint hash)
    {
        uint bucket = hash & _mask;
        for (int walked = 0; walked < LongestWalk;)
        {
            uint at = Volatile.Read(ref _heads[bucket]);
            for (; (at & 1) == 0 && at != 0 && walked < LongestWalk; walked++)
            {
                byte* element = _base + at;
                if (*(uint*)(element + HashAt) == hash && TKey.Equal(element + KeyAt, key, _keyBytes))
                    return at;
                at = *(uint*)element;
            }

            if (at == 0 || at == EndOf(bucket))
                return 0;
        }

        return 0;
    }

    private int CopyKey(uint element, Span<byte> key)
    {
        new ReadOnlySpan<byte>(_base + element + KeyAt, (int)KeySize).CopyTo(key);
        return 0;
    }
}
