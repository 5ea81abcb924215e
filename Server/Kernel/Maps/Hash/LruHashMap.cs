using System.Runtime.CompilerServices;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>lru_hash, as kernel/bpf/hashtab.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.LruHash)]
public sealed class LruHashFamily : MapFamily
{
    private static readonly MapTraits Facts = new() { ForEach = true };

    public override MapTraits Traits(BpfMapType type) => Facts;

    public override int CheckCreate(MapDefinition definition, BpfTask task) => HashFamily.Check(definition, task);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        map = null;
        // More buckets than Linux can count (see HashTable.Allocate), said before lists are made for them.
        if (definition.MaxEntries > 1U << 27)
            return -Errno.E2BIG;
        return HashFamily.Make(new Maker(), WithWholeCpus(definition, context), context, out map);
    }

    /// <summary>Lists per CPU have equally many nodes: the number of entries becomes a multiple of the CPUs, rounded up where that fits in 32 bits.</summary>
    private static MapDefinition WithWholeCpus(MapDefinition definition, MapContext context)
    {
        if ((definition.Flags & MapFlags.NoCommonLru) == 0)
            return definition;
        uint cpus = (uint)context.Cpus;
        uint rounded = definition.MaxEntries + (cpus - definition.MaxEntries % cpus) % cpus;
        return definition with { MaxEntries = rounded };
    }

    private sealed class Maker : IHashMaker
    {
        public HashTable<TKey> Make<TKey>(MapDefinition definition, MapContext context)
            where TKey : struct, IHashKey => new LruHashMap<TKey>(definition, context);
    }
}

/// <summary>
/// A hash map that makes room for a new element by giving up one that was not used for long. A program's lookup marks an element as used, the system call's does not.
/// An update replaces the element, as in <see cref="HashMap{TKey}"/>.
/// </summary>
internal sealed unsafe class LruHashMap<TKey> : HashTable<TKey>, ILruOwner
    where TKey : struct, IHashKey
{
    private LruPool _lru = null!;

    public LruHashMap(MapDefinition definition, MapContext context)
        : base(definition, context)
    {
        Pool = new ElementPool(this, ValueAt + ((definition.ValueSize + 7) & ~7U), LinkAt, definition.MaxEntries, 0);
    }

    public override ulong MemoryUsage => base.MemoryUsage + MaxEntries * 11UL;

    public override MapFastPath FastPath => new() { Method = typeof(LruHashMap<TKey>).GetMethod(nameof(Fast)) };

    /// <summary>The lookup as compiled programs call it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Fast(LruHashMap<TKey> map, ulong key)
    {
        byte* name = map.Base + (uint)key;
        uint element = map.FindElement(name, map.Hash(name));
        if (element == 0)
            return 0;
        map.Mark(element);
        return (ulong)map.Base + element + map.ValueAt;
    }

    public override ulong Lookup(ulong key, int cpu) => Fast(this, key);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Update(ulong key, ulong value, ulong flags, int cpu) => Put(Memory.Resolve(key), Memory.Resolve(value), flags, cpu);

    public override int Delete(ulong key, int cpu) => Remove(Memory.Resolve(key), null);

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        if (flags != 0)
            return -Errno.EINVAL;
        fixed (byte* name = key)
        {
            uint element = FindElement(name, Hash(name));
            if (element == 0)
                return -Errno.ENOENT;
            new ReadOnlySpan<byte>(Base + element + ValueAt, (int)ValueSize).CopyTo(value);
            return 0;
        }
    }

    bool ILruOwner.IsReferenced(int node) => *(uint*)(Base + Pool.At(node) + RefAt) != 0;

    void ILruOwner.ClearReference(int node) => *(uint*)(Base + Pool.At(node) + RefAt) = 0;

    bool ILruOwner.Evict(int node)
    {
        uint element = Pool.At(node);
        uint hash = HashOf(element);
        Enter(hash);
        bool evicted = Unlink(element, hash);
        if (evicted && Tracking is { } tracking)
            tracking.Evicted(new ReadOnlySpan<byte>(Base + element + KeyAt, (int)KeySize), new ReadOnlySpan<byte>(Base + element + ValueAt, (int)ValueSize));
        Exit(hash);
        return evicted;
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        fixed (byte* name = key, content = value)
            return Put(name, content, flags, Environment.CurrentManagedThreadId % Context.Cpus);
    }

    protected internal override int LookupAndDeleteCore(ReadOnlySpan<byte> key, Span<byte> value)
    {
        fixed (byte* name = key, into = value)
            return Remove(name, into);
    }

    protected internal override int DeleteCore(ReadOnlySpan<byte> key)
    {
        fixed (byte* name = key)
            return Remove(name, null);
    }

    protected override void Prepare() =>
        _lru = new LruPool((int)MaxEntries, Context.Cpus, (Definition.Flags & MapFlags.NoCommonLru) != 0, this);

    /// <summary>htab_lru_map_update_elem: the node is taken before the flags are weighed, and so may have cost another element its place.</summary>
    private int Put(byte* key, byte* value, ulong flags, int cpu)
    {
        if (flags > MapFlags.Exist)
            return -Errno.EINVAL;
        int node = _lru.Take(cpu);
        if (node < 0)
            return -Errno.ENOMEM;
        uint hash = Hash(key);
        uint element = Pool.At(node);
        Unsafe.CopyBlockUnaligned(Base + element + ValueAt, value, ValueSize);
        Enter(hash);
        uint old = FindElement(key, hash);
        int error = old != 0 && flags == MapFlags.NoExist ? -Errno.EEXIST : old == 0 && flags == MapFlags.Exist ? -Errno.ENOENT : 0;
        if (error == 0)
        {
            Link(element, key, hash);
            if (old != 0)
            {
                Mark(element);
                Unlink(old, hash);
            }
        }

        Exit(hash);
        if (error != 0)
            _lru.Return(node);
        else if (old != 0)
            _lru.Return(Pool.Index(old));
        return error;
    }

    private int Remove(byte* key, byte* into)
    {
        uint hash = Hash(key);
        Enter(hash);
        uint element = FindElement(key, hash);
        bool removed = element != 0 && Unlink(element, hash);
        if (removed && into != null)
            Unsafe.CopyBlockUnaligned(into, Base + element + ValueAt, ValueSize);
        Exit(hash);
        if (!removed)
            return -Errno.ENOENT;
        _lru.Return(Pool.Index(element));
        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Mark(uint element)
    {
        uint* mark = (uint*)(Base + element + RefAt);
        if (*mark == 0)
            *mark = 1;
    }
}
