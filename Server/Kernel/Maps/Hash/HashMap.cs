using System.Reflection;
using System.Runtime.CompilerServices;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// A hash map. An update puts a new element in the old one's place, so that readers see the old value or the new one; the old element is the next
/// spare one, as in the kernel's preallocated maps. Who holds a pointer to it still sees the old value until it is used again.
/// </summary>
internal unsafe class HashMap<TKey> : HashTable<TKey>
    where TKey : struct, IHashKey
{
    private const int Padding = 16;
    private const uint NotMade = uint.MaxValue;

    /// <summary>Spare elements that replace others, one for each of several writers; 0 where a writer has it. Spread over cache lines.</summary>
    private readonly uint[] _spare;
    private readonly int _spares;
    private readonly bool _holdsObjects;
    private int _count;

    public HashMap(MapDefinition definition, MapContext context)
        : base(definition, context)
    {
        _spares = context.Cpus * 2;
        _spare = new uint[_spares * Padding];
        Array.Fill(_spare, NotMade);
        uint room = (uint)Math.Min((ulong)definition.MaxEntries + (uint)_spares, int.MaxValue);
        _holdsObjects = definition.Type == BpfMapType.HashOfMaps;
        Pool = new ElementPool(this, ValueAt + ((definition.ValueSize + 7) & ~7U), LinkAt, room, 0);
    }

    public override MapFastPath FastPath => new() { Method = typeof(HashMap<TKey>).GetMethod(nameof(Fast), BindingFlags.Static | BindingFlags.Public) };

    /// <summary>The lookup as compiled programs call it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Fast(HashMap<TKey> map, ulong key)
    {
        byte* name = map.Base + (uint)key;
        uint element = map.FindElement(name, map.Hash(name));
        return element == 0 ? 0 : (ulong)map.Base + element + map.ValueAt;
    }

    public override ulong Lookup(ulong key, int cpu) => Fast(this, key);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Update(ulong key, ulong value, ulong flags, int cpu) => Put(Memory.Resolve(key), Memory.Resolve(value), flags, cpu, cpu);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Delete(ulong key, int cpu) => Remove(Memory.Resolve(key), cpu, null);

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

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        int writer = Writer;
        fixed (byte* name = key, content = value)
            return Put(name, content, flags, writer % Context.Cpus, Context.Cpus + writer % Context.Cpus);
    }

    protected internal override int LookupAndDeleteCore(ReadOnlySpan<byte> key, Span<byte> value)
    {
        fixed (byte* name = key, into = value)
            return Remove(name, Writer % Context.Cpus, into);
    }

    protected internal override int DeleteCore(ReadOnlySpan<byte> key)
    {
        fixed (byte* name = key)
            return Remove(name, Writer % Context.Cpus, null);
    }

    /// <summary>The value of an element is no longer in the map; the bucket's latch is held. Only asked of maps that hold objects.</summary>
    protected virtual void Dropped(uint element)
    {
    }

    private static int Writer => Environment.CurrentManagedThreadId;

    /// <summary>htab_map_update_elem.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Put(byte* key, byte* value, ulong flags, int cpu, int spare)
    {
        if ((flags & ~MapFlags.Lock) > MapFlags.Exist || (flags & MapFlags.Lock) != 0)
            return -Errno.EINVAL;
        uint hash = Hash(key);
        Enter(hash);
        uint old = FindElement(key, hash);
        int result;
        if (old != 0)
            result = flags == MapFlags.NoExist ? -Errno.EEXIST : Replace(old, key, value, hash, cpu, spare);
        else
            result = flags == MapFlags.Exist ? -Errno.ENOENT : Insert(key, value, hash, cpu);
        Exit(hash);
        return result;
    }

    private int Insert(byte* key, byte* value, uint hash, int cpu)
    {
        if (Interlocked.Increment(ref _count) > MaxEntries)
        {
            Interlocked.Decrement(ref _count);
            return -Errno.E2BIG;
        }

        uint element = Pool.Take(cpu);
        if (element == 0)
        {
            Interlocked.Decrement(ref _count);
            return -Errno.ENOMEM;
        }

        Unsafe.CopyBlockUnaligned(Base + element + ValueAt, value, ValueSize);
        Link(element, key, hash);
        return 0;
    }

    private int Replace(uint old, byte* key, byte* value, uint hash, int cpu, int spare)
    {
        ref uint place = ref _spare[spare * Padding];
        uint element = Interlocked.Exchange(ref place, 0);
        if (element == NotMade)
            element = Pool.Take(cpu);
        if (element == 0)
        {
            // Another writer has the spare this very moment: the value is written in place.
            if (_holdsObjects)
                Dropped(old);
            Unsafe.CopyBlockUnaligned(Base + old + ValueAt, value, ValueSize);
            return 0;
        }

        Unsafe.CopyBlockUnaligned(Base + element + ValueAt, value, ValueSize);
        Link(element, key, hash);
        Unlink(old, hash);
        if (_holdsObjects)
            Dropped(old);
        Volatile.Write(ref place, old);
        return 0;
    }

    /// <summary>htab_map_delete_elem, and lookup_and_delete where <paramref name="into"/> is given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Remove(byte* key, int cpu, byte* into)
    {
        uint hash = Hash(key);
        Enter(hash);
        uint element = FindElement(key, hash);
        bool removed = element != 0 && Unlink(element, hash);
        if (removed && into != null)
            Unsafe.CopyBlockUnaligned(into, Base + element + ValueAt, ValueSize);
        if (removed && _holdsObjects)
            Dropped(element);
        Exit(hash);
        if (!removed)
            return -Errno.ENOENT;
        Pool.Return(element, cpu);
        Interlocked.Decrement(ref _count);
        return 0;
    }
}
