using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Server.Hosting;
using WebBpf.Server.Metrics;

namespace WebBpf.Server.Persistence;

/// <summary>
/// One thread that puts changes on disk in the order in which they came. Group commit: whatever came while a commit ran goes into the
/// next one, with one sync to disk for all; tickets complete after it. A failed write is final: later changes would build on a hole, so
/// every later ticket fails too, and the server says it is not ready.
/// </summary>
public sealed class JournalWriter : IDurableJournal, IDisposable
{
    private readonly Queue<(DurableChange Change, TaskCompletionSource? Ticket)> _waiting = new();
    private readonly object _lock = new();
    private readonly string _connectionString;
    private readonly int _maxBatch;
    private readonly ServerMetrics _metrics;
    private readonly ILogger<JournalWriter> _logger;
    private readonly Thread _thread;
    private bool _stopping;
    private Exception? _failure;

    public JournalWriter(IConfiguration configuration, IOptions<PersistenceOptions> options, ServerMetrics metrics, ILogger<JournalWriter> logger)
    {
        // The writer's connection is its own: it must not go back into a pool with prepared statements on it.
        _connectionString = new SqliteConnectionStringBuilder(configuration.GetConnectionString("Bpffs")) { Pooling = false }.ToString();
        _maxBatch = options.Value.MaxBatch;
        _metrics = metrics;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "journal" };
        _thread.Start();
    }

    /// <summary>Why the store can no longer be written, or null.</summary>
    public Exception? Failure
    {
        get
        {
            lock (_lock)
                return _failure;
        }
    }

    /// <summary>Queues a change; the task ends when it and all before it are on disk.</summary>
    public Task Append(DurableChange change)
    {
        var ticket = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(change, ticket);
        return ticket.Task;
    }

    /// <summary>Ends when everything queued so far is on disk.</summary>
    public Task Flush() => Append(Nothing.Instance);

    /// <summary>Writes what is queued, then ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.PulseAll(_lock);
        }

        if (_thread.IsAlive)
            _thread.Join();
    }

    private void Enqueue(DurableChange change, TaskCompletionSource? ticket)
    {
        lock (_lock)
        {
            if (_failure is not null)
            {
                ticket?.SetException(new IOException("The store cannot be written.", _failure));
                return;
            }

            if (_stopping)
            {
                ticket?.SetException(new IOException("The store is closed."));
                return;
            }

            _waiting.Enqueue((change, ticket));
            Monitor.Pulse(_lock);
        }
    }

    private void Run()
    {
        var changes = new List<DurableChange>(_maxBatch);
        var tickets = new List<TaskCompletionSource>();
        try
        {
            using var connection = new SqliteConnection(_connectionString);
            connection.Open();
            DurableConnection.Prepare(connection);
            using var session = new StoreSession(connection);
            while (Take(changes, tickets))
            {
                long start = Stopwatch.GetTimestamp();
                if (changes.Count > 0)
                    session.Apply(changes);
                _metrics.Committed(changes.Count, Stopwatch.GetElapsedTime(start));
                foreach (TaskCompletionSource ticket in tickets)
                    ticket.SetResult();
            }
        }
        catch (Exception e) when (e is SqliteException or IOException or InvalidOperationException)
        {
            _logger.LogCritical(e, "The journal cannot be written: nothing is acknowledged from here on");
            Fail(e, tickets);
        }
    }

    private bool Take(List<DurableChange> changes, List<TaskCompletionSource> tickets)
    {
        changes.Clear();
        tickets.Clear();
        lock (_lock)
        {
            while (_waiting.Count == 0)
            {
                if (_stopping)
                    return false;
                Monitor.Wait(_lock);
            }

            while (changes.Count < _maxBatch && _waiting.TryDequeue(out (DurableChange Change, TaskCompletionSource? Ticket) next))
            {
                if (next.Change is not Nothing)
                    changes.Add(next.Change);
                if (next.Ticket is not null)
                    tickets.Add(next.Ticket);
            }
        }

        return true;
    }

    private void Fail(Exception e, List<TaskCompletionSource> tickets)
    {
        lock (_lock)
        {
            _failure = e;
            tickets.AddRange(_waiting.Select(w => w.Ticket).OfType<TaskCompletionSource>());
            _waiting.Clear();
        }

        foreach (TaskCompletionSource ticket in tickets)
            ticket.TrySetException(new IOException("The store cannot be written.", e));
    }

    private sealed record Nothing : DurableChange
    {
        public static readonly Nothing Instance = new();
    }
}
