using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Streams;

/// <summary>
/// Verifier logs of running and recent loads by the caller's load id (header X-Load-Id). A reader may come before, during or a
/// little after the load; it gets the log from its first line.
/// </summary>
public sealed class LoadLogs(IOptions<LimitsOptions> limits)
{
    private const int MaxLoads = 256;
    private readonly ConcurrentDictionary<string, LoadLog> _loads = new();
    private readonly ConcurrentQueue<string> _order = new();

    /// <summary>The log of a load, made where it is new; the oldest loads are forgotten.</summary>
    public LoadLog Open(string owner, string loadId)
    {
        string key = $"{owner}/{loadId}";
        LoadLog log = _loads.GetOrAdd(key, _ =>
        {
            _order.Enqueue(key);
            return new LoadLog(limits.Value.StreamBuffer);
        });
        while (_loads.Count > MaxLoads && _order.TryDequeue(out string? oldest))
        {
            if (oldest != key && _loads.TryRemove(oldest, out LoadLog? gone))
                gone.Complete();
        }

        return log;
    }
}

/// <summary>Lines of one load: a bounded history and the readers that follow.</summary>
public sealed class LoadLog(int capacity)
{
    private readonly Queue<JsonObject> _history = new();
    private readonly List<StreamQueue<JsonObject>> _readers = [];
    private readonly Lock _lock = new();
    private long _seq;
    private bool _completed;

    public void Publish(JsonObject item)
    {
        lock (_lock)
        {
            item["seq"] = ++_seq;
            if (_history.Count == capacity)
                _history.Dequeue();
            _history.Enqueue(item);
            foreach (StreamQueue<JsonObject> reader in _readers)
                reader.Write(item);
        }
    }

    /// <summary>The history and what follows; a gap at the start is visible by the first <c>seq</c>.</summary>
    public StreamQueue<JsonObject> Subscribe()
    {
        lock (_lock)
        {
            var reader = new StreamQueue<JsonObject>(capacity);
            foreach (JsonObject item in _history)
                reader.Write(item);
            if (_completed)
                reader.Complete();
            else
                _readers.Add(reader);
            return reader;
        }
    }

    public void Unsubscribe(StreamQueue<JsonObject> reader)
    {
        lock (_lock)
            _readers.Remove(reader);
        reader.Complete();
    }

    /// <summary>The load is over: readers get what is left and end.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            foreach (StreamQueue<JsonObject> reader in _readers)
                reader.Complete();
            _readers.Clear();
        }
    }
}
