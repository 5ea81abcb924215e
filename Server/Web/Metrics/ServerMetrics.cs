using System.Diagnostics.Metrics;

namespace WebBpf.Server.Metrics;

/// <summary>What the service counts of itself; meter "WebBpf".</summary>
public sealed class ServerMetrics : IDisposable
{
    private readonly Meter _meter = new("WebBpf");
    private readonly Counter<long> _calls;
    private readonly Counter<long> _commits;
    private readonly Counter<long> _entries;
    private readonly Histogram<double> _commitSeconds;

    public ServerMetrics()
    {
        _calls = _meter.CreateCounter<long>("webbpf.syscalls", description: "System calls by command and result.");
        _commits = _meter.CreateCounter<long>("webbpf.journal.commits", description: "Group commits of the journal.");
        _entries = _meter.CreateCounter<long>("webbpf.journal.entries", description: "Journal entries that are on disk.");
        _commitSeconds = _meter.CreateHistogram<double>("webbpf.journal.commit_seconds", "s", "Time of one group commit.");
    }

    public void Called(string command, string result) => _calls.Add(1, new("command", command), new("result", result));

    public void Committed(int entries, TimeSpan took)
    {
        _commits.Add(1);
        _entries.Add(entries);
        _commitSeconds.Record(took.TotalSeconds);
    }

    public void Gauge(string name, string description, Func<long> read) => _meter.CreateObservableGauge(name, read, description: description);

    public void Dispose() => _meter.Dispose();
}
