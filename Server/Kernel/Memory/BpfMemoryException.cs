namespace WebBpf.Kernel.Memory;

/// <summary>The address space for BPF memory could not be had; the message says what to set.</summary>
public sealed class BpfMemoryException : Exception
{
    public BpfMemoryException(ulong bytes, string cause)
        : base($"The {bytes >> 20} MiB of address space for BPF memory could not be reserved: {cause} {Advice}")
    {
        Bytes = bytes;
    }

    /// <summary>Address space that was asked for, in bytes.</summary>
    public ulong Bytes { get; }

    private static string Advice => OperatingSystem.IsWindows()
        ? "Allow a page file of at least 5 GiB (the range is committed, though not used)."
        : "It is address space, not memory: allow it with `ulimit -v unlimited` (in systemd: LimitAS=infinity) and, on Linux, "
            + "`sysctl vm.overcommit_memory=0` or 1 (2 is strict and counts it in full); in containers see to it that the memory limit does not bound address space.";
}
