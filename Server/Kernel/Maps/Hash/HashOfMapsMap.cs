using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>hash_of_maps, as kernel/bpf/hashtab.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.HashOfMaps)]
public sealed class HashOfMapsFamily : MapFamily
{
    private static readonly MapTraits Facts = new() { Only = ArrayOfMapsFamily.Lookup, HoldsFds = true, HoldsMaps = true, NoBtf = true };

    public override MapTraits Traits(BpfMapType type) => Facts;

    /// <summary>fd_htab_map_alloc_check.</summary>
    public override int CheckCreate(MapDefinition definition, BpfTask task) =>
        definition.ValueSize != 4 ? -Errno.EINVAL : HashFamily.Check(definition, task);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        map = null;
        int error = InnerMaps.CheckTemplate(definition.InnerMap);
        return error != 0 ? error : HashFamily.Make(new Maker(), definition, context, out map);
    }

    private sealed class Maker : IHashMaker
    {
        public HashTable<TKey> Make<TKey>(MapDefinition definition, MapContext context)
            where TKey : struct, IHashKey => new HashOfMapsMap<TKey>(definition, context);
    }
}

/// <summary>A map that holds maps under keys, whatever the kind of its keys.</summary>
internal interface IHashOfMaps
{
    /// <summary>Puts a map under a key as a restore does; takes a reference.</summary>
    int Restore(ReadOnlySpan<byte> key, BpfMap inner);
}

/// <summary>A hash map whose values are the low halves of inner maps' addresses; each holds a reference.</summary>
internal sealed unsafe class HashOfMapsMap<TKey> : HashMap<TKey>, IHashOfMaps
    where TKey : struct, IHashKey
{
    public HashOfMapsMap(MapDefinition definition, MapContext context)
        : base(definition, context)
    {
        definition.InnerMap!.Get();
    }

    public override MapFastPath FastPath => new() { Method = typeof(HashOfMapsMap<TKey>).GetMethod(nameof(Inner)) };

    /// <summary>The lookup as compiled programs call it: the inner map's address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Inner(HashOfMapsMap<TKey> map, ulong key)
    {
        ulong value = Fast(map, key);
        return value == 0 ? 0 : (ulong)map.Base + *(uint*)value;
    }

    public override ulong Lookup(ulong key, int cpu) => Inner(this, key);

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        int error = base.LookupElem(key, value, flags);
        if (error != 0)
            return error;
        if (Context.Find(BinaryPrimitives.ReadUInt32LittleEndian(value)) is not { } inner)
            return -Errno.ENOENT;
        BinaryPrimitives.WriteUInt32LittleEndian(value, inner.Id);
        return 0;
    }

    public int Restore(ReadOnlySpan<byte> key, BpfMap inner)
    {
        inner.Get();
        return Insert(key, inner, MapFlags.Any);
    }

    /// <summary>bpf_fd_htab_map_update_elem: the fd is resolved before anything else.</summary>
    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        if (caller.Fds is not { } fds)
            return -Errno.EBADF;
        return fds.GetMap(BinaryPrimitives.ReadInt32LittleEndian(value), out int error) is { } inner ? Insert(key, inner, flags) : error;
    }

    protected internal override int LookupAndDeleteCore(ReadOnlySpan<byte> key, Span<byte> value) => -Errno.ENOTSUPP;

    protected override void Dropped(uint element)
    {
        if (Context.Find(*(uint*)(Base + element + ValueAt)) is { } inner)
            Context.Retire(inner);
    }

    protected override void Release()
    {
        var position = default(MapCursor);
        while (Address != 0 && NextElement(ref position, 0, 0, out _, out ulong value))
        {
            if (Context.Find(*(uint*)value) is { } inner)
                Context.Retire(inner);
        }

        base.Release();
        Definition.InnerMap!.Put();
    }

    /// <summary>Takes over the caller's reference.</summary>
    private int Insert(ReadOnlySpan<byte> key, BpfMap inner, ulong flags)
    {
        Span<byte> address = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(address, (uint)inner.Address);
        int error = InnerMaps.Fits(Definition.InnerMap!, inner) ? base.UpdateCore(key, address, flags, default) : -Errno.EINVAL;
        if (error != 0)
            inner.Put();
        return error;
    }
}
