using System.Collections.Immutable;

namespace WebBpf.Server.Streams;

/// <summary>One producer side, any number of readers, each with a bounded queue of its own.</summary>
public sealed class Broadcast<T>(int capacity)
{
    private ImmutableArray<StreamQueue<T>> _readers = [];

    public bool HasReaders => _readers.Length > 0;

    public void Publish(T item)
    {
        foreach (StreamQueue<T> reader in _readers)
            reader.Write(item);
    }

    public StreamQueue<T> Subscribe()
    {
        var reader = new StreamQueue<T>(capacity);
        ImmutableInterlocked.Update(ref _readers, (list, added) => list.Add(added), reader);
        return reader;
    }

    public void Unsubscribe(StreamQueue<T> reader)
    {
        ImmutableInterlocked.Update(ref _readers, (list, gone) => list.Remove(gone), reader);
        reader.Complete();
    }

    public void Complete()
    {
        foreach (StreamQueue<T> reader in _readers)
            reader.Complete();
    }
}
