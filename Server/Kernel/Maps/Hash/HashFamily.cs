using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>hash, percpu_hash and lru_hash, as kernel/bpf/hashtab.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.Hash, BpfMapType.PercpuHash)]
public sealed class HashFamily : MapFamily
{
    private const uint AllowedFlags = MapFlags.NoPrealloc | MapFlags.NoCommonLru | MapFlags.NumaNode | MapFlags.AccessMask | MapFlags.ZeroSeed;

    // KMALLOC_MAX_SIZE less sizeof(struct htab_elem).
    private const ulong LargestElement = (4 << 20) - 48;

    private static readonly MapTraits Shared = new() { ForEach = true };
    private static readonly MapTraits PerCpu = Shared with { PerCpu = true, Own = new HashSet<BpfFuncId> { BpfFuncId.MapLookupPercpuElem } };

    public override MapTraits Traits(BpfMapType type) => type == BpfMapType.Hash ? Shared : PerCpu;

    public override int CheckCreate(MapDefinition definition, BpfTask task) => Check(definition, task);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map) => definition.Type == BpfMapType.Hash
        ? Make(new HashMaker(), definition, context, out map)
        : Make(new PercpuHashMaker(), definition, context, out map);

    /// <summary>htab_map_alloc_check: for all hash maps.</summary>
    internal static int Check(MapDefinition definition, BpfTask task)
    {
        bool perCpu = definition.Type is BpfMapType.PercpuHash or BpfMapType.LruPercpuHash;
        bool lru = definition.Type is BpfMapType.LruHash or BpfMapType.LruPercpuHash;
        uint flags = definition.Flags;
        bool perCpuLru = (flags & MapFlags.NoCommonLru) != 0;
        if ((flags & MapFlags.ZeroSeed) != 0 && !task.Has(Capabilities.SysAdmin))
            return -Errno.EPERM;
        if ((flags & ~AllowedFlags) != 0 || !ProgramAccessValid(flags))
            return -Errno.EINVAL;
        if (!lru && perCpuLru)
            return -Errno.EINVAL;
        if (lru && (flags & MapFlags.NoPrealloc) != 0)
            return -Errno.ENOTSUPP;
        if ((flags & MapFlags.NumaNode) != 0 && (perCpu || perCpuLru))
            return -Errno.EINVAL;
        if (definition.MaxEntries == 0 || definition.KeySize == 0 || definition.ValueSize == 0)
            return -Errno.EINVAL;
        if ((ulong)definition.KeySize + definition.ValueSize >= LargestElement)
            return -Errno.E2BIG;
        return perCpu && ((ulong)definition.ValueSize + 7 & ~7UL) > ArrayFamily.LargestPerCpuValue ? -Errno.E2BIG : 0;
    }

    /// <summary>Makes a table compiled for the key size.</summary>
    internal static int Make(IHashMaker maker, MapDefinition definition, MapContext context, out BpfMap? map)
    {
        bool zeroSeed = (definition.Flags & MapFlags.ZeroSeed) != 0;
        return (zeroSeed, definition.KeySize) switch
        {
            (true, _) => Finish(maker.Make<KeyJenkins>(definition, context), out map),
            (_, 4) => Finish(maker.Make<Key4>(definition, context), out map),
            (_, 8) => Finish(maker.Make<Key8>(definition, context), out map),
            (_, 16) => Finish(maker.Make<Key16>(definition, context), out map),
            _ => Finish(maker.Make<KeyAny>(definition, context), out map),
        };
    }

    private static int Finish<TKey>(HashTable<TKey> table, out BpfMap? map)
        where TKey : struct, IHashKey
    {
        int error = table.Allocate((table.Definition.Flags & MapFlags.NoPrealloc) == 0);
        map = error == 0 ? table : null;
        if (error != 0)
            table.Put();
        return error;
    }

    private sealed class HashMaker : IHashMaker
    {
        public HashTable<TKey> Make<TKey>(MapDefinition definition, MapContext context)
            where TKey : struct, IHashKey => new HashMap<TKey>(definition, context);
    }

    private sealed class PercpuHashMaker : IHashMaker
    {
        public HashTable<TKey> Make<TKey>(MapDefinition definition, MapContext context)
            where TKey : struct, IHashKey => new PercpuHashMap<TKey>(definition, context);
    }
}

/// <summary>Makes one kind of hash map for any kind of key.</summary>
internal interface IHashMaker
{
    HashTable<TKey> Make<TKey>(MapDefinition definition, MapContext context)
        where TKey : struct, IHashKey;
}
