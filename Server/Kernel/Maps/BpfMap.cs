using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>
/// A map. Two faces: the one of programs takes addresses in the sandbox and allocates nothing; the one of the system call
/// copies keys and values. Every method returns 0 (or a count) or a negative errno, as map_ops in linux/bpf.h.
/// </summary>
public abstract unsafe class BpfMap : KernelObject
{
    private readonly Lock _trackingLock = new();
    private volatile MapTracking? _tracking;

    protected BpfMap(MapDefinition definition, MapContext context)
    {
        Definition = definition;
        Context = context;
    }

    public override ObjectKind Kind => ObjectKind.Map;
    public MapDefinition Definition { get; }
    public MapContext Context { get; }
    public BpfMemory Memory => Context.Memory;
    public BpfMapType Type => Definition.Type;
    public uint KeySize => Definition.KeySize;
    public uint ValueSize => Definition.ValueSize;
    public uint MaxEntries => Definition.MaxEntries;

    /// <summary>
    /// What a program holds as "pointer to map": the address of this map's 16-byte header in the sandbox, whose first four bytes are
    /// the index under which <see cref="MapContext"/> finds the map again.
    /// </summary>
    public ulong Address { get; protected set; }

    /// <summary>Set by BPF_MAP_FREEZE: the system call can no longer write.</summary>
    public bool Frozen { get; set; }

    /// <summary>Who made it.</summary>
    public uint CreatedByUid { get; internal set; }

    /// <summary>Writes of the system call under way (writecnt).</summary>
    internal int Writers;

    /// <summary>Bytes of one value as the system call sees it: <c>round_up(value_size, 8) * possible CPUs</c> for per-CPU maps.</summary>
    public virtual uint UserValueSize => ValueSize;

    /// <summary>Bytes of memory held, as memlock in fdinfo.</summary>
    public abstract ulong MemoryUsage { get; }

    /// <summary>How compiled code may look elements up without a virtual call; null where it may not.</summary>
    public virtual MapFastPath? FastPath => null;

    // Programs: addresses in the sandbox; cpu is the run's virtual CPU. What is written here is not announced: helpers do that.

    /// <summary>Address of the value, or 0 where there is none, as map_lookup_elem.</summary>
    public virtual ulong Lookup(ulong key, int cpu) => 0;

    public virtual int Update(ulong key, ulong value, ulong flags, int cpu) => -Errno.EOPNOTSUPP;

    public virtual int Delete(ulong key, int cpu) => -Errno.EOPNOTSUPP;

    public virtual int Push(ulong value, ulong flags) => -Errno.EOPNOTSUPP;

    public virtual int Pop(ulong value) => -Errno.EOPNOTSUPP;

    public virtual int Peek(ulong value) => -Errno.EOPNOTSUPP;

    /// <summary>
    /// Walks the elements for bpf_for_each_map_elem. <paramref name="position"/> starts as default; gives addresses of a key and its value for the CPU.
    /// An index map writes the key to <paramref name="scratch"/> (4 bytes in the sandbox).
    /// </summary>
    public virtual bool NextElement(ref MapCursor position, int cpu, ulong scratch, out ulong key, out ulong value)
    {
        key = value = 0;
        return false;
    }

    // System call: spans; key.Length == KeySize, value.Length == UserValueSize.

    public virtual int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags) => -Errno.EOPNOTSUPP;

    public int UpdateElem(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller = default)
    {
        // The system call asks for a spin lock in the value before anything else; maps with one are refused as a gap when they are made.
        if ((flags & MapFlags.Lock) != 0)
            return -Errno.EINVAL;
        if (_tracking is { } tracking)
            return tracking.UpdateBySyscall(key, value, flags, caller);
        return Untracked(UpdateCore(key, value, flags, caller), key);
    }

    public int DeleteElem(ReadOnlySpan<byte> key, MapCaller caller = default) =>
        _tracking is { } tracking ? tracking.DeleteBySyscall(key, caller) : Untracked(DeleteCore(key), key);

    /// <summary><see cref="LookupAndDeleteElem"/> as the system call makes it: a durable map records the deletion.</summary>
    public int TakeElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags, MapCaller caller = default) =>
        _tracking is { } tracking ? tracking.TakeBySyscall(key, value, flags, caller) : Untracked(LookupAndDeleteElem(key, value, flags), key);

    /// <summary>BPF_MAP_LOOKUP_AND_DELETE_ELEM.</summary>
    public int LookupAndDeleteElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags, MapCaller caller = default)
    {
        if (flags != 0)
            return -Errno.EINVAL;
        return _tracking is { } tracking ? tracking.LookupAndDeleteBySyscall(key, value, caller) : LookupAndDeleteCore(key, value);
    }

    /// <summary>The key after <paramref name="key"/> (the first where it is empty or not found), or ENOENT at the end.</summary>
    public virtual int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next) => -Errno.EOPNOTSUPP;

    /// <summary>
    /// Whether the verifier lets programs read or write values directly at an offset (array maps used through
    /// BPF_PSEUDO_MAP_VALUE): gives the real address of value bytes at <paramref name="offset"/>, or a negative errno, as map_direct_value_addr.
    /// </summary>
    public virtual int DirectValueAddress(uint offset, out ulong address)
    {
        address = 0;
        return -Errno.ENOTSUPP;
    }

    protected internal virtual int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller) => -Errno.EOPNOTSUPP;

    protected internal virtual int LookupAndDeleteCore(ReadOnlySpan<byte> key, Span<byte> value) => -Errno.ENOTSUPP;

    protected internal virtual int DeleteCore(ReadOnlySpan<byte> key) => -Errno.EOPNOTSUPP;

    // Who wrote what.

    /// <summary>Whom changes are told; null (which costs nothing) where the map is neither durable nor watched.</summary>
    public MapTracking? Tracking => _tracking;

    /// <summary>True while the map is durable or watched: programs that may write it run in their tracked form.</summary>
    public bool IsTracked => _tracking is not null;

    /// <summary>Raised after <see cref="IsTracked"/> changed.</summary>
    public event Action<BpfMap>? TrackedChanged;

    /// <summary>Starts a change feed. The queue holds <paramref name="capacity"/> changes and drops the oldest; dispose it to end.</summary>
    public MapWatch Watch(int capacity = 1024)
    {
        var watch = new MapWatch(capacity, w => Track(t => t.Remove(w)));
        Track(t => t.Add(watch));
        return watch;
    }

    /// <summary>
    /// Makes the map durable: dirty elements are kept until <see cref="MapTracking.TakeDirty"/>, and writes of the system call go to the journal.
    /// Counted: ends with as many <see cref="ReleaseDurable"/>.
    /// </summary>
    public void HoldDurable(IMapJournal? journal = null) => Track(t => t.HoldDurable(journal));

    public void ReleaseDurable() => Track(t => t.ReleaseDurable());

    /// <summary>The slot that holds the value byte at an address; -1 where the address is in no value. Slots are stable while an element lives.</summary>
    internal virtual int SlotOf(ulong address) => -1;

    /// <summary>Address of the key of a live slot; 0 where the slot holds no element. Index maps write to the scratch.</summary>
    internal virtual bool KeyOfSlot(int slot, Span<byte> key) => false;

    /// <summary>Stretches of memory in which values lie, as [start, end).</summary>
    internal virtual IReadOnlyList<(ulong Start, ulong End)> ValueRanges => [];

    /// <summary>Gives the map its header; false where there is no room (ENOMEM).</summary>
    protected bool Register()
    {
        Address = Context.Register(this);
        return Address != 0;
    }

    // Where the map became durable while the write was under way, its first image may lack the write: it is recorded now.
    private int Untracked(int result, ReadOnlySpan<byte> key)
    {
        if (result != 0)
            return result;
        Interlocked.MemoryBarrier();
        _tracking?.Late(key);
        return 0;
    }

    protected override void Release()
    {
        if (Address != 0)
            Context.Unregister(this);
    }

    private void Track(Action<MapTracking> change)
    {
        bool before, after;
        lock (_trackingLock)
        {
            before = _tracking is not null;
            MapTracking tracking = _tracking ?? new MapTracking(this);
            change(tracking);
            after = tracking.IsNeeded;
            _tracking = after ? tracking : null;
            if (before != after)
                Context.SetTracked(this, after);
        }

        if (before != after)
            TrackedChanged?.Invoke(this);
    }
}

/// <summary>A position of <see cref="BpfMap.NextElement"/>: the next element (or index) to visit, and the bucket to go on with after it.</summary>
public record struct MapCursor(uint Bucket, uint Element);
