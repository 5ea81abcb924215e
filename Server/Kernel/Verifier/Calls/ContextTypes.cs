using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>The struct that C code calls the context of a program type, as btf_is_prog_ctx_type in kernel/bpf/btf.c and linux/bpf_types.h (6.18, x86).</summary>
internal static class ContextTypes
{
    /// <summary>Whether a pointer type points to the program type's context.</summary>
    public static bool Matches(BtfTypes types, in BtfType pointer, BpfProgType program)
    {
        if (program == BpfProgType.Kprobe)
        {
            BtfType named = types[pointer.Type];
            while (named.Kind.IsModifier() && named.Kind != BtfKind.Typedef)
                named = types[named.Type];
            if (named.Kind == BtfKind.Typedef && types.Name(named) == "bpf_user_pt_regs_t")
                return true;
        }

        BtfType target = types.SkipModifiers(pointer.Type);
        if (target.Kind != BtfKind.Struct)
            return false;
        string name = types.Name(target);
        string expected = Name(program);
        return expected.Length != 0
            && (name == expected || (expected == "__sk_buff" && name == "sk_buff") || (expected == "xdp_md" && name == "xdp_buff"));
    }

    private static string Name(BpfProgType program) => program switch
    {
        BpfProgType.SocketFilter or BpfProgType.SchedCls or BpfProgType.SchedAct or BpfProgType.CgroupSkb or BpfProgType.LwtIn
            or BpfProgType.LwtOut or BpfProgType.LwtXmit or BpfProgType.LwtSeg6local or BpfProgType.SkSkb or BpfProgType.FlowDissector => "__sk_buff",
        BpfProgType.Xdp => "xdp_md",
        BpfProgType.CgroupSock => "bpf_sock",
        BpfProgType.CgroupSockAddr => "bpf_sock_addr",
        BpfProgType.SockOps => "bpf_sock_ops",
        BpfProgType.SkMsg => "sk_msg_md",
        BpfProgType.Kprobe => "pt_regs",
        BpfProgType.PerfEvent => "bpf_perf_event_data",
        BpfProgType.RawTracepoint or BpfProgType.RawTracepointWritable => "bpf_raw_tracepoint_args",
        BpfProgType.CgroupDevice => "bpf_cgroup_dev_ctx",
        BpfProgType.CgroupSysctl => "bpf_sysctl",
        BpfProgType.CgroupSockopt => "bpf_sockopt",
        BpfProgType.SkReuseport => "sk_reuseport_md",
        BpfProgType.SkLookup => "bpf_sk_lookup",
        BpfProgType.Netfilter => "bpf_nf_ctx",
        _ => "",
    };
}
