namespace WebBpf.Kernel.Objects.Fs;

/// <summary>An open directory of the bpffs, for path_fd.</summary>
public sealed class BpffsDirectory : KernelObject
{
    internal BpffsDirectory(BpffsNode node) => Node = node;

    internal BpffsNode Node { get; }

    protected override void Release()
    {
    }
}
