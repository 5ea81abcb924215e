using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Objects;

/// <summary>A process as the kernel sees it: identity, capabilities and a table of file descriptors.</summary>
public sealed class BpfTask
{
    public required uint Pid { get; init; }
    public uint Tgid { get; init; }
    public uint Uid { get; init; }
    public uint Gid { get; init; }

    /// <summary>At most 15 characters.</summary>
    public string Comm { get; init; } = "webbpf";

    public Capabilities Capabilities { get; init; } = Capabilities.All;

    public FdTable Fds { get; } = new();

    public bool Has(Capabilities one) => (Capabilities & one) != 0;

    /// <summary>CAP_BPF, or CAP_SYS_ADMIN which includes it (as bpf_capable).</summary>
    public bool BpfCapable => Has(Capabilities.Bpf) || Has(Capabilities.SysAdmin);

    /// <summary>As perfmon_capable.</summary>
    public bool PerfmonCapable => Has(Capabilities.Perfmon) || Has(Capabilities.SysAdmin);

    /// <summary>CAP_NET_ADMIN, or CAP_SYS_ADMIN.</summary>
    public bool NetAdminCapable => Has(Capabilities.NetAdmin) || Has(Capabilities.SysAdmin);
}
