using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Btf;

/// <summary>A loaded BTF object (its raw bytes and the type graph parsed from them).</summary>
public sealed partial class BtfObject : KernelObject
{
    public override ObjectKind Kind => ObjectKind.Btf;

    /// <summary>The blob as it was loaded, header included.</summary>
    public required byte[] Raw { get; init; }

    /// <summary>True for vmlinux and modules.</summary>
    public bool IsKernel { get; init; }

    public string Name { get; init; } = "";

    protected override void Release()
    {
    }
}
