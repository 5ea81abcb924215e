namespace WebBpf.Kernel.Uapi;

/// <summary>The Linux capabilities that bpf(2) asks for, as bits of their numbers in linux/capability.h.</summary>
[Flags]
public enum Capabilities : ulong
{
    None = 0,
    NetAdmin = 1UL << 12,
    SysAdmin = 1UL << 21,
    Perfmon = 1UL << 38,
    Bpf = 1UL << 39,
    All = NetAdmin | SysAdmin | Perfmon | Bpf,
}
