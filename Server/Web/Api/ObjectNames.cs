using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>Kinds and names of kernel objects, as lists show them.</summary>
public static class ObjectNames
{
    public static FdInfo Describe(int fd, KernelObject file) => new(fd, Kind(file), file.Id, Name(file));

    public static string Kind(KernelObject file) => file.Kind.ToString().ToLowerInvariant();

    public static string Name(KernelObject file) => file switch
    {
        BpfProgram program => program.Name,
        BpfMap map => map.Definition.Name,
        BtfObject btf => btf.Name,
        _ => "",
    };
}

/// <summary>A reference on a kernel object for the length of a block.</summary>
public readonly struct KernelReference(KernelObject held) : IDisposable
{
    public KernelObject Object => held;

    public void Dispose() => held.Put();
}
