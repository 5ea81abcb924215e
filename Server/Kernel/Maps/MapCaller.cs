using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;

namespace WebBpf.Kernel.Maps;

/// <summary>Who writes an element through the system call, and how fds among its values are resolved.</summary>
/// <param name="Task">The calling task; null for the kernel itself (restore).</param>
/// <param name="Fds">Null where the map holds no fds.</param>
public readonly record struct MapCaller(BpfTask? Task, IMapFdResolver? Fds = null);

/// <summary>fds of a caller as maps of programs and maps of maps need them. Objects come with a reference for the caller.</summary>
public interface IMapFdResolver
{
    /// <summary>The program behind an fd, or null with EBADF (not open) or EINVAL (open, but no program), negated.</summary>
    BpfProgram? GetProgram(int fd, out int error);

    /// <summary>The map behind an fd, or null with EBADF or EINVAL, negated.</summary>
    BpfMap? GetMap(int fd, out int error);

    /// <summary>The perf event behind an fd, or null with EBADF, negated.</summary>
    KernelObject? GetPerfEvent(int fd, out int error);
}
