using System.Buffers.Binary;
using System.Runtime.InteropServices;
using WebBpf.Kernel.Objects;

namespace WebBpf.Linux;

/// <summary>
/// Descriptors of a task to descriptors of this process, for one call. What the task has not opened becomes a number that nobody has
/// (EBADF); its stdio is a file that is no BPF object (EINVAL). 0 stays 0: for most fields it means none.
/// </summary>
internal sealed class FdTranslation(FdTable fds) : IDisposable
{
    private const int NeverOpen = int.MaxValue;

    private readonly Dictionary<int, KernelObject> _held = [];
    private SafeHandle? _stdio;

    /// <summary>The object behind a task's descriptor, referenced until the end of the call; null where it is not open.</summary>
    public KernelObject? Object(int fd)
    {
        if (_held.TryGetValue(fd, out KernelObject? known))
            return known;
        if (fds.Get(fd) is not { } found)
            return null;
        _held.Add(fd, found);
        return found;
    }

    /// <summary>The descriptor of this process for a task's; negative ones mean the same for everybody.</summary>
    public int Native(int fd)
    {
        if (fd <= 0)
            return fd;
        if (fd <= 2)
            return Stdio();
        return Object(fd) is LinuxObject file ? file.NativeFd : NeverOpen;
    }

    /// <summary>Translates the four bytes at the start of the span.</summary>
    public void InPlace(Span<byte> bytes) =>
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Native(BinaryPrimitives.ReadInt32LittleEndian(bytes)));

    public void Dispose()
    {
        foreach (KernelObject file in _held.Values)
            file.Put();
        _held.Clear();
        _stdio?.Dispose();
    }

    private int Stdio()
    {
        _stdio ??= File.OpenHandle("/dev/null");
        return (int)_stdio.DangerousGetHandle();
    }
}
