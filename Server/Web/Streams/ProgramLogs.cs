namespace WebBpf.Server.Streams;

/// <summary>Verifier logs of loaded programs, the latest within a bound of memory.</summary>
public sealed class ProgramLogs
{
    private const int MaxChars = 1 << 20;
    private const long MaxTotal = 32L << 20;
    private readonly Dictionary<uint, string> _logs = [];
    private readonly Queue<uint> _order = new();
    private readonly Lock _lock = new();
    private long _total;

    /// <summary>Keeps the log of a load; of a very long one its end, where the verdict is.</summary>
    public void Keep(uint id, string log)
    {
        if (log.Length == 0)
            return;
        string kept = log.Length > MaxChars ? log[^MaxChars..] : log;
        lock (_lock)
        {
            if (!_logs.TryAdd(id, kept))
                return;
            _order.Enqueue(id);
            _total += kept.Length;
            while (_total > MaxTotal && _order.TryDequeue(out uint oldest))
            {
                _total -= _logs[oldest].Length;
                _logs.Remove(oldest);
            }
        }
    }

    public string? Find(uint id)
    {
        lock (_lock)
            return _logs.GetValueOrDefault(id);
    }
}
