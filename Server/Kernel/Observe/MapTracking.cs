using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Observe;

/// <summary>
/// What is kept of a map while it is durable or watched: the dirty set and the watchers.
///
/// Dirty are slots (a bit each, set by announced stores; an element that lives has a slot) and keys (set by updates, deletes and evictions of programs).
/// A mark follows its write, so a flush that misses the value finds the mark the next time. A flush reads the values of dirty keys as they are
/// then; it and the writes of the system call take the gate, so that a journal sees both in the order in which they took effect and a late flush never
/// undoes an acknowledged write.
/// </summary>
public sealed class MapTracking
{
    private readonly BpfMap _map;
    private readonly Lock _dirtyLock = new();
    private readonly byte[]?[] _before;
    private ulong[] _slots = [];
    private HashSet<byte[]> _keys = new(ByteKeyComparer.Instance);
    private MapWatch[] _watches = [];
    private IMapJournal? _journal;
    private int _durable;
    private long _seq;

    internal MapTracking(BpfMap map)
    {
        _map = map;
        _before = new byte[]?[map.Context.Cpus];
    }

    /// <summary>Held during writes of the system call and flushes while the map is durable. Maps without keys (queues, stacks) have no elements to be kept.</summary>
    public Lock Gate { get; } = new();

    public bool IsDurable => Volatile.Read(ref _durable) > 0;
    public bool IsWatched => _watches.Length > 0;
    internal bool IsNeeded => IsDurable || IsWatched;

    /// <summary>
    /// The elements that programs changed since the last call, with their values as they are now (null: deleted). Call it inside <see cref="Gate"/> together
    /// with whatever appends them to the journal.
    /// </summary>
    public IReadOnlyList<DirtyElement> TakeDirty()
    {
        HashSet<byte[]> keys;
        lock (_dirtyLock)
        {
            if (_keys.Count == 0 && _slots.Length == 0)
                return [];
            keys = _keys;
            _keys = new HashSet<byte[]>(ByteKeyComparer.Instance);
            AddSlots(keys);
        }

        var dirty = new List<DirtyElement>(keys.Count);
        foreach (byte[] key in keys)
            dirty.Add(new DirtyElement(key, Value(key)));
        return dirty;
    }

    /// <summary>
    /// A run that began before the map was tracked may have stored anywhere without a word: all elements count as dirty. Watchers are not told, nobody
    /// knows the old values.
    /// </summary>
    internal void MarkAll()
    {
        if (!IsDurable || _map.KeySize == 0)
            return;
        byte[] key = new byte[_map.KeySize];
        if (_map.GetNextKey(default, key) != 0)
            return;
        byte[] next = new byte[_map.KeySize];
        do
        {
            MarkKey(key);
            (key, next) = (next, key);
        }
        while (_map.GetNextKey(next, key) == 0);
    }

    internal int SlotOf(ulong address) => _map.SlotOf(address);

    /// <summary>Before a store of a program into a value of this map: keeps the old value where somebody watches.</summary>
    internal void BeforeStore(int cpu, int slot)
    {
        if (!IsWatched || slot < 0)
            return;
        byte[] key = new byte[_map.KeySize];
        _before[cpu] = _map.KeyOfSlot(slot, key) ? Value(key) : null;
    }

    /// <summary>After the store.</summary>
    internal void AfterStore(RunContext run, int slot)
    {
        if (slot < 0)
            return;
        if (IsDurable)
            MarkSlot(slot);
        if (!IsWatched)
            return;
        byte[] key = new byte[_map.KeySize];
        if (_map.KeyOfSlot(slot, key))
            Announce(MapOperation.Store, key, _before[run.Cpu], Value(key), Writer(run));
    }

    /// <summary>map_update_elem of a program.</summary>
    internal int UpdateByProgram(RunContext run, ulong key, ulong value, ulong flags)
    {
        byte[]? old = IsWatched ? Value(Bytes(key)) : null;
        int result = _map.Update(key, value, flags, run.Cpu);
        if (result == 0)
            Wrote(run, MapOperation.Update, Bytes(key), old);
        return result;
    }

    /// <summary>map_delete_elem of a program.</summary>
    internal int DeleteByProgram(RunContext run, ulong key)
    {
        byte[]? old = IsWatched ? Value(Bytes(key)) : null;
        int result = _map.Delete(key, run.Cpu);
        if (result == 0)
            Wrote(run, MapOperation.Delete, Bytes(key), old);
        return result;
    }

    /// <summary>An LRU map gives an element up; <paramref name="value"/> is its last one.</summary>
    internal void Evicted(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        MarkKey(key);
        if (IsWatched)
            Announce(MapOperation.Evict, key.ToArray(), value.ToArray(), null, new MapWriter("kernel", 0, ""));
    }

    internal int UpdateBySyscall(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        byte[]? old = IsWatched ? Value(key) : null;
        int result;
        lock (Gate)
        {
            result = _map.UpdateCore(key, value, flags, caller);
            if (result == 0 && IsDurable && _map.KeySize > 0)
                _journal?.Updated(_map, key, value);
        }

        if (result == 0 && IsWatched)
            Announce(MapOperation.Update, key.ToArray(), old, Value(key), Writer(caller));
        return result;
    }

    internal int DeleteBySyscall(ReadOnlySpan<byte> key, MapCaller caller) => Delete(key, default, caller);

    internal int LookupAndDeleteBySyscall(ReadOnlySpan<byte> key, Span<byte> value, MapCaller caller) => Delete(key, value, caller);

    /// <summary>Deletes, and reads the last value where room for it is given.</summary>
    private int Delete(ReadOnlySpan<byte> key, Span<byte> value, MapCaller caller)
    {
        byte[]? old = IsWatched ? Value(key) : null;
        int result;
        lock (Gate)
        {
            result = value.IsEmpty ? _map.DeleteCore(key) : _map.LookupAndDeleteCore(key, value);
            if (result == 0 && IsDurable && _map.KeySize > 0)
                _journal?.Deleted(_map, key);
        }

        if (result == 0 && IsWatched)
            Announce(MapOperation.Delete, key.ToArray(), old, null, Writer(caller));
        return result;
    }

    internal int TakeBySyscall(ReadOnlySpan<byte> key, Span<byte> value, ulong flags, MapCaller caller)
    {
        int result;
        lock (Gate)
        {
            result = _map.LookupAndDeleteElem(key, value, flags);
            if (result == 0 && IsDurable)
                _journal?.Deleted(_map, key);
        }

        if (result == 0 && IsWatched)
            Announce(MapOperation.Delete, key.ToArray(), value.ToArray(), null, Writer(caller));
        return result;
    }

    /// <summary>A write of the system call that began before there was a tracking: what the key holds now is recorded.</summary>
    internal void Late(ReadOnlySpan<byte> key)
    {
        lock (Gate)
        {
            if (!IsDurable)
                return;
            if (Value(key) is { } value)
                _journal?.Updated(_map, key, value);
            else
                _journal?.Deleted(_map, key);
        }
    }

    internal void Add(MapWatch watch) => _watches = [.. _watches, watch];

    internal void Remove(MapWatch watch) => _watches = [.. _watches.Where(w => w != watch)];

    internal void HoldDurable(IMapJournal? journal)
    {
        Interlocked.Increment(ref _durable);
        _journal = journal ?? _journal;
    }

    internal void ReleaseDurable() => Interlocked.Decrement(ref _durable);

    private static MapWriter Writer(RunContext run) =>
        run.Program is { } program ? new MapWriter("program", program.Id, program.Name) : new MapWriter("kernel", 0, "");

    private static MapWriter Writer(MapCaller caller) =>
        caller.Task is { } task ? new MapWriter("task", task.Pid, task.Comm) : new MapWriter("kernel", 0, "");

    private unsafe ReadOnlySpan<byte> Bytes(ulong key) => new(_map.Memory.Resolve(key), (int)_map.KeySize);

    private void Wrote(RunContext run, MapOperation op, ReadOnlySpan<byte> key, byte[]? old)
    {
        MarkKey(key);
        if (IsWatched)
            Announce(op, key.ToArray(), old, op == MapOperation.Delete ? null : Value(key), Writer(run));
    }

    private byte[]? Value(ReadOnlySpan<byte> key)
    {
        byte[] value = new byte[_map.UserValueSize];
        return _map.LookupElem(key, value, 0) == 0 ? value : null;
    }

    private void Announce(MapOperation op, byte[] key, byte[]? old, byte[]? current, MapWriter by)
    {
        var change = new MapChange((ulong)Interlocked.Increment(ref _seq), DateTimeOffset.UtcNow, op, key, old, current, by);
        foreach (MapWatch watch in _watches)
            watch.Post(change);
    }

    /// <summary>A key that is dirty already costs a look-up and no memory.</summary>
    private void MarkKey(ReadOnlySpan<byte> key)
    {
        if (!IsDurable)
            return;
        lock (_dirtyLock)
            _keys.GetAlternateLookup<ReadOnlySpan<byte>>().Add(key);
    }

    private void MarkSlot(int slot)
    {
        // The store must be visible before the bit is read: a flush clears the bit first and reads the value then.
        Interlocked.MemoryBarrier();
        ulong[] slots = Volatile.Read(ref _slots);
        ulong bit = 1UL << (slot & 63);
        if (slot >> 6 < slots.Length && (Volatile.Read(ref slots[slot >> 6]) & bit) != 0)
            return;
        lock (_dirtyLock)
        {
            if (slot >> 6 >= _slots.Length)
                Array.Resize(ref _slots, Math.Max((slot >> 6) + 1, _slots.Length * 2));
            _slots[slot >> 6] |= bit;
        }
    }

    private void AddSlots(HashSet<byte[]> keys)
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            ulong word = _slots[i];
            // The bits go before the values are read: a store in between marks its slot again.
            Volatile.Write(ref _slots[i], 0);
            for (; word != 0; word &= word - 1)
            {
                byte[] key = new byte[_map.KeySize];
                if (_map.KeyOfSlot(i * 64 + System.Numerics.BitOperations.TrailingZeroCount(word), key))
                    keys.Add(key);
            }
        }

        Interlocked.MemoryBarrier();
    }
}
