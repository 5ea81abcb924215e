using WebBpf.Shared.Dashboard;
using WebBpf.Shared.Wire;

namespace WebBpf.Client.Model;

/// <summary>
/// What the frame of every page shows: the kernel with its counts, and the latest events. The reader of events is registered before the first snapshot is
/// taken, so nothing falls between them. Counts are read again at most every half second, and only after something happened.
/// </summary>
public sealed class LiveKernel(IKernelOverview overview, IStreams streams) : IAsyncDisposable
{
    /// <summary>Events that are kept for the list.</summary>
    public const int MaxEvents = 200;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private readonly LinkedList<KernelEventItem> _events = new();
    private readonly SemaphoreSlim _news = new(1, 1);
    private Task? _running;

    /// <summary>Raised on any thread after counts or events changed.</summary>
    public event Action? Changed;

    public KernelInfo? Kernel { get; private set; }

    /// <summary>Why the counts or events could not be read.</summary>
    public string? Problem { get; private set; }

    /// <summary>Events that were lost between those shown.</summary>
    public long Dropped { get; private set; }

    /// <summary>The latest first.</summary>
    public IReadOnlyList<KernelEventItem> Events
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    public void Start() => _running ??= Task.WhenAll(Follow(), Refresh());

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        if (_running is not null)
            await _running;
        _ended.Dispose();
        _news.Dispose();
    }

    private async Task Follow()
    {
        try
        {
            await foreach (KernelEventItem item in streams.KernelEvents(_ended.Token))
            {
                lock (_lock)
                {
                    if (item.Dropped is { } dropped)
                        Dropped += dropped;
                    else
                        _events.AddFirst(item);
                    if (_events.Count > MaxEvents)
                        _events.RemoveLast();
                    if (_news.CurrentCount == 0)
                        _news.Release();
                }
            }
        }
        catch (ServiceException e)
        {
            Problem = e.Message;
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
    }

    private async Task Refresh()
    {
        try
        {
            while (true)
            {
                await _news.WaitAsync(_ended.Token);
                Kernel = await overview.Get(_ended.Token);
                Changed?.Invoke();
                await Task.Delay(Pause, _ended.Token);
            }
        }
        catch (ServiceException e)
        {
            Problem = e.Message;
            Changed?.Invoke();
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
    }
}
