using System.Buffers;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>What the commands on single elements share: offsets of their fields, copies of keys and values, descriptors among values.</summary>
internal static class MapElement
{
    public const int MapFd = 0;
    public const int Key = 8;
    public const int Value = 16;
    public const int Flags = 24;

    /// <summary>Keys and values up to here are copied on the stack.</summary>
    public const int StackBytes = 512;

    /// <summary>Copies a key in (__bpf_copy_key): 0, EFAULT, or EINVAL for a pointer where the map has no keys.</summary>
    public static int CopyKey(ref SyscallContext call, scoped Span<byte> key)
    {
        ulong address = call.U64(Key);
        if (key.IsEmpty)
            return address == 0 ? 0 : -Errno.EINVAL;
        return call.Memory.TryRead(address, key) ? 0 : -Errno.EFAULT;
    }

    /// <summary>Who writes, with his descriptors where the map's values hold some.</summary>
    public static MapCaller Caller(ref SyscallContext call, BpfMap map) =>
        new(call.Task, MapRegistry.Traits(map.Type) is { HoldsFds: true } ? new TaskFds(call.Task.Fds) : null);

    /// <summary>Room for a key or value of the map beyond what the stack holds.</summary>
    public static byte[]? Rent(int size) => size > StackBytes ? ArrayPool<byte>.Shared.Rent(size) : null;

    public static void Return(byte[]? rented)
    {
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }
}

/// <summary>A task's descriptors as values of maps of fds name them.</summary>
internal sealed class TaskFds(FdTable fds) : IMapFdResolver
{
    public Programs.BpfProgram? GetProgram(int fd, out int error) => FdLookup.Get<Programs.BpfProgram>(fds, fd, out _, out error);

    public BpfMap? GetMap(int fd, out int error) => FdLookup.Get<BpfMap>(fds, fd, out _, out error);

    public KernelObject? GetPerfEvent(int fd, out int error)
    {
        // perf_event_get: whatever is open and no perf event is EBADF, too.
        error = 0;
        KernelObject? file = fds.Get(fd);
        if (file is Observe.PerfOutputEvent)
            return file;
        file?.Put();
        error = -Errno.EBADF;
        return null;
    }
}
