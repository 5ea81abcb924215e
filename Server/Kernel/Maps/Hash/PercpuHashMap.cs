using System.Runtime.CompilerServices;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// A hash map with a value per CPU. An element holds where the copies lie; updates write in place. A program writes its own CPU's copy (a new
/// element's other copies are zero), the system call all of them, each rounded up to 8 bytes.
/// </summary>
internal sealed unsafe class PercpuHashMap<TKey> : HashTable<TKey>
    where TKey : struct, IHashKey
{
    private readonly uint _copy;
    private int _count;

    public PercpuHashMap(MapDefinition definition, MapContext context)
        : base(definition, context)
    {
        _copy = (definition.ValueSize + 7) & ~7U;
        Pool = new ElementPool(this, ValueAt + 8, LinkAt, Math.Min(definition.MaxEntries, int.MaxValue), _copy);
    }

    public override uint UserValueSize => _copy * (uint)Context.Cpus;

    public override MapFastPath FastPath => new() { Method = typeof(PercpuHashMap<TKey>).GetMethod(nameof(Fast)) };

    /// <summary>The lookup as compiled programs call it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Fast(PercpuHashMap<TKey> map, ulong key, int cpu)
    {
        byte* name = map.Base + (uint)key;
        uint element = map.FindElement(name, map.Hash(name));
        return element == 0 ? 0 : map.ValueOf(element, cpu);
    }

    public override ulong Lookup(ulong key, int cpu) => Fast(this, key, cpu);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Update(ulong key, ulong value, ulong flags, int cpu)
    {
        byte* name = Memory.Resolve(key);
        int error = Place(name, flags, cpu, out uint element, out bool added, out uint hash);
        if (error != 0)
            return error;
        if (added)
        {
            for (int other = 0; other < Context.Cpus; other++)
                new Span<byte>((byte*)ValueOf(element, other), (int)_copy).Clear();
        }

        Unsafe.CopyBlockUnaligned((byte*)ValueOf(element, cpu), Memory.Resolve(value), ValueSize);
        Finish(element, name, added, hash);
        return 0;
    }

    public override int Delete(ulong key, int cpu) => Remove(Memory.Resolve(key), cpu, default);

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        if (flags != 0)
            return -Errno.EINVAL;
        fixed (byte* name = key)
        {
            uint element = FindElement(name, Hash(name));
            if (element == 0)
                return -Errno.ENOENT;
            CopyOut(element, value);
            return 0;
        }
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        fixed (byte* name = key)
        {
            int error = Place(name, flags, Environment.CurrentManagedThreadId % Context.Cpus, out uint element, out bool added, out uint hash);
            if (error != 0)
                return error;
            for (int cpu = 0; cpu < Context.Cpus; cpu++)
                value.Slice((int)(cpu * _copy), (int)_copy).CopyTo(new Span<byte>((byte*)ValueOf(element, cpu), (int)_copy));
            Finish(element, name, added, hash);
            return 0;
        }
    }

    protected internal override int LookupAndDeleteCore(ReadOnlySpan<byte> key, Span<byte> value)
    {
        fixed (byte* name = key)
            return Remove(name, Environment.CurrentManagedThreadId % Context.Cpus, value);
    }

    protected internal override int DeleteCore(ReadOnlySpan<byte> key)
    {
        fixed (byte* name = key)
            return Remove(name, Environment.CurrentManagedThreadId % Context.Cpus, default);
    }

    protected override ulong ValueOf(uint element, int cpu) =>
        (ulong)Base + *(uint*)(Base + element + ValueAt) + (ulong)cpu * Pool.CpuStride;

    /// <summary>Finds or makes the element of a key (__htab_percpu_map_update_elem). On success the bucket's latch is held until <see cref="Finish"/>.</summary>
    private int Place(byte* key, ulong flags, int cpu, out uint element, out bool added, out uint hash)
    {
        element = hash = 0;
        added = false;
        if (flags > MapFlags.Exist)
            return -Errno.EINVAL;
        hash = Hash(key);
        Enter(hash);
        element = FindElement(key, hash);
        int error = element != 0 && flags == MapFlags.NoExist ? -Errno.EEXIST : element == 0 && flags == MapFlags.Exist ? -Errno.ENOENT : 0;
        if (error == 0 && element == 0)
        {
            added = true;
            error = Take(cpu, out element);
        }

        if (error != 0)
            Exit(hash);
        return error;
    }

    private int Take(int cpu, out uint element)
    {
        element = 0;
        if (Interlocked.Increment(ref _count) <= MaxEntries)
        {
            element = Pool.Take(cpu);
            if (element != 0)
            {
                *(uint*)(Base + element + ValueAt) = Pool.PerCpuPart(element);
                return 0;
            }
        }

        // The limit is a count of ours, so that an empty pool means that memory is used up.
        int over = Interlocked.Decrement(ref _count);
        return over >= MaxEntries ? -Errno.E2BIG : -Errno.ENOMEM;
    }

    private void Finish(uint element, byte* key, bool added, uint hash)
    {
        if (added)
            Link(element, key, hash);
        Exit(hash);
    }

    private int Remove(byte* key, int cpu, Span<byte> into)
    {
        uint hash = Hash(key);
        Enter(hash);
        uint element = FindElement(key, hash);
        bool removed = element != 0 && Unlink(element, hash);
        if (removed && !into.IsEmpty)
            CopyOut(element, into);
        Exit(hash);
        if (!removed)
            return -Errno.ENOENT;
        Pool.Return(element, cpu);
        Interlocked.Decrement(ref _count);
        return 0;
    }

    private void CopyOut(uint element, Span<byte> value)
    {
        for (int cpu = 0; cpu < Context.Cpus; cpu++)
            new ReadOnlySpan<byte>((byte*)ValueOf(element, cpu), (int)_copy).CopyTo(value[(int)(cpu * _copy)..]);
    }
}
