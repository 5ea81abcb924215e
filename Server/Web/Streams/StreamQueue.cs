namespace WebBpf.Server.Streams;

/// <summary>
/// One reader's share of a stream. Writers never wait: when the queue is full the oldest item goes, and the reader is told how many
/// went before it gets the next one.
/// </summary>
public sealed class StreamQueue<T>(int capacity) : IDisposable
{
    private readonly Queue<T> _items = new();
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private long _dropped;
    private bool _completed;

    public void Write(T item)
    {
        lock (_lock)
        {
            if (_completed)
                return;
            if (_items.Count == capacity)
            {
                _items.Dequeue();
                _dropped++;
            }

            _items.Enqueue(item);
            Signal();
        }
    }

    /// <summary>No more items will come: readers end after what is queued.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            Signal();
        }
    }

    /// <summary>
    /// Waits at most <paramref name="patience"/> and takes everything queued, at most <paramref name="limit"/> items.
    /// An empty batch that is not <see cref="Batch.Ended"/> means that nothing came in time.
    /// </summary>
    public async ValueTask<Batch> ReadAsync(int limit, TimeSpan patience, CancellationToken cancellation)
    {
        Batch batch = Take(limit);
        if (batch.Items.Count > 0 || batch.Ended)
            return batch;
        await _signal.WaitAsync(patience, cancellation);
        return Take(limit);
    }

    public void Dispose() => _signal.Dispose();

    private Batch Take(int limit)
    {
        lock (_lock)
        {
            var items = new List<T>(Math.Min(limit, _items.Count));
            while (items.Count < limit && _items.TryDequeue(out T? item))
                items.Add(item);
            long dropped = _dropped;
            _dropped = 0;
            if (_items.Count > 0)
                Signal();
            return new Batch(dropped, items, _completed && _items.Count == 0);
        }
    }

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
            _signal.Release();
    }

    /// <summary>Items in order; <see cref="Dropped"/> of them were lost before the first.</summary>
    public readonly record struct Batch(long Dropped, List<T> Items, bool Ended);
}
