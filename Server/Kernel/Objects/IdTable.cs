namespace WebBpf.Kernel.Objects;

/// <summary>
/// One id space: ids grow from 1 and are never used again while the kernel lives. The table holds no references: an object leaves it
/// when its last one is dropped.
/// </summary>
public sealed class IdTable<T>
    where T : KernelObject
{
    private readonly SortedDictionary<uint, T> _objects = [];
    private readonly SortedSet<uint> _ids = [];
    private readonly Lock _lock = new();
    private uint _last;

    /// <summary>Number of living objects.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _objects.Count;
        }
    }

    /// <summary>Gives an object its id and makes it findable.</summary>
    public void Publish(T one)
    {
        lock (_lock)
            Add(one, _last + 1);
    }

    /// <summary>Publishes under an id of before a restart; false where it is taken. Later ids are above it.</summary>
    public bool Publish(T one, uint id)
    {
        lock (_lock)
        {
            if (id == 0 || _ids.Contains(id))
                return false;
            Add(one, id);
            return true;
        }
    }

    /// <summary>Keeps ids up to and with this one from being given out.</summary>
    public void Reserve(uint id)
    {
        lock (_lock)
            _last = Math.Max(_last, id);
    }

    /// <summary>The object of an id with a reference for the caller, or null (ENOENT).</summary>
    public T? Find(uint id)
    {
        lock (_lock)
            return _objects.TryGetValue(id, out T? one) && one.TryGet() ? one : null;
    }

    /// <summary>The lowest id above the given one, or 0 where there is none.</summary>
    public uint Next(uint after)
    {
        lock (_lock)
        {
            foreach (uint id in _ids.GetViewBetween(after + 1, uint.MaxValue))
                return id;
            return 0;
        }
    }

    /// <summary>All living objects in order of id, each with a reference for the caller.</summary>
    public IReadOnlyList<T> Snapshot()
    {
        lock (_lock)
            return [.. _objects.Values.Where(o => o.TryGet())];
    }

    private void Add(T one, uint id)
    {
        one.Id = id;
        _last = Math.Max(_last, id);
        _objects.Add(id, one);
        _ids.Add(id);
        one.Released += Remove;
    }

    private void Remove(KernelObject one)
    {
        lock (_lock)
        {
            _objects.Remove(one.Id);
            _ids.Remove(one.Id);
        }
    }
}
