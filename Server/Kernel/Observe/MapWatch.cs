namespace WebBpf.Kernel.Observe;

/// <summary>
/// One reader's queue of changes. Writers never wait: a full queue drops its oldest change and counts it. For one reader.
/// </summary>
public sealed class MapWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<MapChange> _queue;
    private readonly int _capacity;
    private readonly Action<MapWatch> _end;
    private readonly ReaderSignal _signal = new();
    private ulong _dropped;
    private int _disposed;

    internal MapWatch(int capacity, Action<MapWatch> end)
    {
        _capacity = Math.Max(1, capacity);
        _queue = new Queue<MapChange>(Math.Min(_capacity, 64));
        _end = end;
    }

    /// <summary>Takes what has come, at most <paramref name="limit"/> changes. <paramref name="dropped"/> counts those lost since the last call.</summary>
    public IReadOnlyList<MapChange> Take(out ulong dropped, int limit = int.MaxValue)
    {
        lock (_lock)
        {
            dropped = _dropped;
            _dropped = 0;
            var taken = new List<MapChange>(Math.Min(limit, _queue.Count));
            while (taken.Count < limit && _queue.TryDequeue(out MapChange? change))
                taken.Add(change);
            return taken;
        }
    }

    /// <summary>Waits until something has come. Returns at once where something is waiting.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellation)
    {
        while (!HasNews())
            await _signal.WaitAsync(HasNews, cancellation).ConfigureAwait(false);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _end(this);
    }

    internal void Post(MapChange change)
    {
        lock (_lock)
        {
            if (_queue.Count == _capacity)
            {
                _queue.Dequeue();
                _dropped++;
            }

            _queue.Enqueue(change);
        }

        Interlocked.MemoryBarrier();
        _signal.Raise();
    }

    private bool HasNews()
    {
        lock (_lock)
            return _queue.Count > 0 || _dropped > 0;
    }
}
