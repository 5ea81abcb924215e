namespace WebBpf.Server.Hosting;

/// <summary>Whether the stored state is back. Calls that come earlier wait for it.</summary>
public sealed class Readiness
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<QuarantineItem> _quarantine = [];

    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    public Task Ready => _ready.Task;

    public void SetReady() => _ready.TrySetResult();

    public void SetFailed(Exception reason) => _ready.TrySetException(reason);

    public IReadOnlyList<QuarantineItem> Quarantine
    {
        get
        {
            lock (_quarantine)
                return [.. _quarantine];
        }
    }

    /// <summary>Notes something that could not be restored; its rows stay in the database.</summary>
    public void Report(QuarantineItem item)
    {
        lock (_quarantine)
            _quarantine.Add(item);
    }
}

/// <summary>Something stored that could not be brought back.</summary>
/// <param name="Kind">prog, map, btf, link or dir.</param>
/// <param name="Name">Path or id.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record QuarantineItem(string Kind, string Name, string Reason);
