using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Linux;

/// <summary>
/// An object of the machine's kernel, held by one descriptor of this process. It stands in a task's table like an object of our own
/// kernel; the last reference closes the descriptor.
/// </summary>
public sealed class LinuxObject : KernelObject
{
    private readonly ObjectKind _kind;

    internal LinuxObject(int nativeFd, ObjectKind kind, uint id, LinuxMapShape? shape)
    {
        NativeFd = nativeFd;
        _kind = kind;
        Id = id;
        Shape = shape;
    }

    public override ObjectKind Kind => _kind;

    /// <summary>For maps: what the sizes of keys and values are.</summary>
    public LinuxMapShape? Shape { get; }

    /// <summary>The descriptor in this process: never told to callers.</summary>
    internal int NativeFd { get; }

    protected override void Release() => NativeBpf.Close(NativeFd);
}

/// <summary>Type and sizes of a map of the machine's kernel, in bytes; the value as the system call sees it.</summary>
public sealed record LinuxMapShape(BpfMapType Type, uint KeySize, uint ValueSize)
{
    /// <summary>Where in a value a file descriptor stands when it is written, or -1.</summary>
    public int FdOffset => Type switch
    {
        BpfMapType.ProgArray or BpfMapType.PerfEventArray or BpfMapType.CgroupArray or BpfMapType.ArrayOfMaps or BpfMapType.HashOfMaps
            or BpfMapType.Sockmap or BpfMapType.Sockhash or BpfMapType.Xskmap or BpfMapType.ReuseportSockarray => 0,
        BpfMapType.Devmap or BpfMapType.DevmapHash or BpfMapType.Cpumap => 4,
        _ => -1,
    };
}
