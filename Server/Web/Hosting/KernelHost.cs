using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Linux;

namespace WebBpf.Server.Hosting;

/// <summary>The kernels of this process: ours, and the machine's own where it is allowed.</summary>
public sealed class KernelHost(BpfKernel emulated) : IDisposable
{
    public DateTimeOffset StartedAt { get; } = DateTimeOffset.UtcNow;

    public BpfKernel Emulated { get; } = emulated;

    /// <summary>Possible CPUs of our kernel.</summary>
    public int Cpus => Emulated.Options.Cpus;

    /// <summary>The machine's own kernel; null where <c>Kernel:AllowLinuxBackend</c> is off.</summary>
    public LinuxKernel? Linux { get; init; }

    /// <summary>The service itself as a process: all capabilities; holds no fds between calls.</summary>
    public BpfTask System { get; } = new() { Pid = 1, Tgid = 1, Comm = "webbpf" };

    public void Dispose() => Emulated.Dispose();
}
