namespace WebBpf.Kernel.Observe;

/// <summary>Wakes one reader. Raising costs a read while nobody waits.</summary>
internal sealed class ReaderSignal
{
    private TaskCompletionSource? _waiter;

    /// <summary>Wakes whoever waits. The caller has published what the reader looks for, with a full fence.</summary>
    public void Raise()
    {
        if (Volatile.Read(ref _waiter) is not null)
            Interlocked.Exchange(ref _waiter, null)?.TrySetResult();
    }

    /// <summary>Returns once <paramref name="ready"/> holds or somebody raised.</summary>
    public async ValueTask WaitAsync(Func<bool> ready, CancellationToken cancellation)
    {
        if (ready())
            return;
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _waiter, waiter);
        if (!ready())
            await waiter.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
