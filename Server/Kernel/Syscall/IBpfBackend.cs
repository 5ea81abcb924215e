using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// The one door: bpf(2). Implemented by our kernel and by the machine's own; a differential test is the same test run on both.
/// </summary>
public interface IBpfBackend
{
    /// <summary>
    /// One system call. Returns a value of at least 0 (a new fd where the command makes one) or a negated errno. Outputs inside
    /// <paramref name="attr"/> and in <paramref name="memory"/> are written back whatever the return value is.
    /// </summary>
    /// <param name="cmd">The command; an unknown number gives EINVAL.</param>
    /// <param name="attr">The caller's union bpf_attr in its binary layout; shorter is zero-extended, longer must be zero beyond what 6.18 knows (E2BIG).</param>
    /// <param name="memory">The caller's memory: what pointers inside the attr refer to.</param>
    /// <param name="call">Who calls, until when, and who listens.</param>
    long Bpf(BpfCommand cmd, Span<byte> attr, IUserMemory memory, in BpfCall call);
}
