using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Syscall;

/// <summary>The circumstances of one call: the calling task, a limit in time, and who wants to hear of a load while it is judged.</summary>
/// <param name="Task">The process the call acts for.</param>
/// <param name="Cancellation">Ends verification and runs early (EINTR).</param>
/// <param name="Observer">Receives log lines and verifier records as they are made; null where nobody listens.</param>
public readonly record struct BpfCall(BpfTask Task, CancellationToken Cancellation = default, ILoadObserver? Observer = null)
{
    /// <summary>
    /// Where given, the call does not wait for the disk itself: the caller awaits <see cref="CallReceipt.Durable"/> before it
    /// acknowledges. Without one, a call that changed durable state returns only when the change is on disk.
    /// </summary>
    public CallReceipt? Receipt { get; init; }
}

/// <summary>What a call leaves to its caller to wait for.</summary>
public sealed class CallReceipt
{
    /// <summary>Ends when what the call changed is on disk; fails where it cannot be written (answer EIO). Complete where nothing durable changed.</summary>
    public Task Durable { get; internal set; } = Task.CompletedTask;
}
