using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Syscall;

/// <summary>The circumstances of one call: the calling task, a limit in time, and who wants to hear of a load while it is judged.</summary>
/// <param name="Task">The process the call acts for.</param>
/// <param name="Cancellation">Ends verification and runs early (EINTR).</param>
/// <param name="Observer">Receives log lines and verifier records as they are made; null where nobody listens.</param>
public readonly record struct BpfCall(BpfTask Task, CancellationToken Cancellation = default, ILoadObserver? Observer = null);
