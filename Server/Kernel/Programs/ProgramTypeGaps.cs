using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>Program types that are not described yet, each with the reason: loading one is answered as not implemented.</summary>
public static class ProgramTypeGaps
{
    public static IReadOnlyDictionary<BpfProgType, string> Owed { get; } = new Dictionary<BpfProgType, string>
    {
        [BpfProgType.Tracing] = "its context is the function it attaches to, described by BTF (btf_ctx_access)",
        [BpfProgType.StructOps] = "its context and return value are those of the member it implements, described by BTF",
        [BpfProgType.Ext] = "it takes its context, helpers and return values from the program it replaces",
        [BpfProgType.Lsm] = "its context is the security hook it attaches to, described by BTF",
        [BpfProgType.Netfilter] = "its context is struct bpf_nf_ctx, described by BTF",
        [BpfProgType.LircMode2] = "a kernel without CONFIG_BPF_LIRC_MODE2 refuses it with EINVAL; ours has no infrared receivers to run it at yet",
        [BpfProgType.Unspec] = "no type",
    };
}
