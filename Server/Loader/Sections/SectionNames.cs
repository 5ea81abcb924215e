using WebBpf.Kernel.Uapi;

namespace WebBpf.Loader.Sections;

/// <summary>
/// Section names as libbpf 1.x reads them (https://docs.kernel.org/bpf/libbpf/program_types.html): the first matching row decides, so longer
/// names stand before their prefixes.
/// </summary>
public static class SectionNames
{
    private static readonly SectionRule[] Rules =
    [
        new("socket", BpfProgType.SocketFilter, Form: SectionForm.OptionalTarget),
        Attached("sk_reuseport/migrate", BpfProgType.SkReuseport, BpfAttachType.SkReuseportSelectOrMigrate),
        Attached("sk_reuseport", BpfProgType.SkReuseport, BpfAttachType.SkReuseportSelect),
        new("kprobe.multi", BpfProgType.Kprobe, BpfAttachType.TraceKprobeMulti, SectionForm.OptionalTarget) { SendsAttachType = true },
        new("kretprobe.multi", BpfProgType.Kprobe, BpfAttachType.TraceKprobeMulti, SectionForm.OptionalTarget) { SendsAttachType = true },
        new("kprobe", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        new("kretprobe", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        new("uprobe.s", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget) { Sleepable = true },
        new("uretprobe.s", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget) { Sleepable = true },
        new("uprobe", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        new("uretprobe", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        new("ksyscall", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        new("kretsyscall", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        new("usdt", BpfProgType.Kprobe, Form: SectionForm.OptionalTarget),
        Attached("tcx/ingress", BpfProgType.SchedCls, BpfAttachType.TcxIngress),
        Attached("tcx/egress", BpfProgType.SchedCls, BpfAttachType.TcxEgress),
        Attached("netkit/primary", BpfProgType.SchedCls, BpfAttachType.NetkitPrimary),
        Attached("netkit/peer", BpfProgType.SchedCls, BpfAttachType.NetkitPeer),
        Attached("tc/ingress", BpfProgType.SchedCls, BpfAttachType.TcxIngress),
        Attached("tc/egress", BpfProgType.SchedCls, BpfAttachType.TcxEgress),
        new("tc", BpfProgType.SchedCls, Form: SectionForm.Legacy),
        new("classifier", BpfProgType.SchedCls, Form: SectionForm.Legacy),
        new("action", BpfProgType.SchedAct, Form: SectionForm.Legacy),
        new("tracepoint", BpfProgType.Tracepoint, Form: SectionForm.OptionalTarget),
        new("tp", BpfProgType.Tracepoint, Form: SectionForm.OptionalTarget),
        new("raw_tracepoint.w", BpfProgType.RawTracepointWritable, Form: SectionForm.OptionalTarget),
        new("raw_tp.w", BpfProgType.RawTracepointWritable, Form: SectionForm.OptionalTarget),
        new("raw_tracepoint", BpfProgType.RawTracepoint, Form: SectionForm.OptionalTarget),
        new("raw_tp", BpfProgType.RawTracepoint, Form: SectionForm.OptionalTarget),
        Btf("tp_btf", BpfProgType.Tracing, BpfAttachType.TraceRawTp),
        Btf("fentry.s", BpfProgType.Tracing, BpfAttachType.TraceFentry, sleepable: true),
        Btf("fentry", BpfProgType.Tracing, BpfAttachType.TraceFentry),
        Btf("fexit.s", BpfProgType.Tracing, BpfAttachType.TraceFexit, sleepable: true),
        Btf("fexit", BpfProgType.Tracing, BpfAttachType.TraceFexit),
        Btf("fmod_ret.s", BpfProgType.Tracing, BpfAttachType.ModifyReturn, sleepable: true),
        Btf("fmod_ret", BpfProgType.Tracing, BpfAttachType.ModifyReturn),
        Btf("freplace", BpfProgType.Ext, 0),
        Btf("lsm.s", BpfProgType.Lsm, BpfAttachType.LsmMac, sleepable: true),
        Btf("lsm_cgroup", BpfProgType.Lsm, BpfAttachType.LsmCgroup),
        Btf("lsm", BpfProgType.Lsm, BpfAttachType.LsmMac),
        Btf("iter.s", BpfProgType.Tracing, BpfAttachType.TraceIter, sleepable: true),
        Btf("iter", BpfProgType.Tracing, BpfAttachType.TraceIter),
        new("syscall", BpfProgType.Syscall) { Sleepable = true },
        Xdp("xdp.frags/devmap", BpfAttachType.XdpDevmap, fragments: true),
        Xdp("xdp/devmap", BpfAttachType.XdpDevmap),
        Xdp("xdp.frags/cpumap", BpfAttachType.XdpCpumap, fragments: true),
        Xdp("xdp/cpumap", BpfAttachType.XdpCpumap),
        Xdp("xdp.frags", BpfAttachType.Xdp, fragments: true),
        new("xdp", BpfProgType.Xdp, BpfAttachType.Xdp, SectionForm.Legacy) { SendsAttachType = true },
        new("perf_event", BpfProgType.PerfEvent),
        new("lwt_in", BpfProgType.LwtIn),
        new("lwt_out", BpfProgType.LwtOut),
        new("lwt_xmit", BpfProgType.LwtXmit),
        new("lwt_seg6local", BpfProgType.LwtSeg6local),
        Attached("sockops", BpfProgType.SockOps, BpfAttachType.CgroupSockOps),
        Attached("sk_skb/stream_parser", BpfProgType.SkSkb, BpfAttachType.SkSkbStreamParser),
        Attached("sk_skb/stream_verdict", BpfProgType.SkSkb, BpfAttachType.SkSkbStreamVerdict),
        Attached("sk_skb/verdict", BpfProgType.SkSkb, BpfAttachType.SkSkbVerdict),
        new("sk_skb", BpfProgType.SkSkb),
        Attached("sk_msg", BpfProgType.SkMsg, BpfAttachType.SkMsgVerdict),
        Attached("lirc_mode2", BpfProgType.LircMode2, BpfAttachType.LircMode2),
        Attached("flow_dissector", BpfProgType.FlowDissector, BpfAttachType.FlowDissector),
        Attached("cgroup_skb/ingress", BpfProgType.CgroupSkb, BpfAttachType.CgroupInetIngress),
        Attached("cgroup_skb/egress", BpfProgType.CgroupSkb, BpfAttachType.CgroupInetEgress),
        new("cgroup/skb", BpfProgType.CgroupSkb),
        Attached("cgroup/sock_create", BpfProgType.CgroupSock, BpfAttachType.CgroupInetSockCreate),
        Attached("cgroup/sock_release", BpfProgType.CgroupSock, BpfAttachType.CgroupInetSockRelease),
        Attached("cgroup/sock", BpfProgType.CgroupSock, BpfAttachType.CgroupInetSockCreate),
        Attached("cgroup/post_bind4", BpfProgType.CgroupSock, BpfAttachType.CgroupInet4PostBind),
        Attached("cgroup/post_bind6", BpfProgType.CgroupSock, BpfAttachType.CgroupInet6PostBind),
        Attached("cgroup/bind4", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet4Bind),
        Attached("cgroup/bind6", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet6Bind),
        Attached("cgroup/connect4", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet4Connect),
        Attached("cgroup/connect6", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet6Connect),
        Attached("cgroup/connect_unix", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUnixConnect),
        Attached("cgroup/sendmsg4", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUdp4Sendmsg),
        Attached("cgroup/sendmsg6", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUdp6Sendmsg),
        Attached("cgroup/sendmsg_unix", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUnixSendmsg),
        Attached("cgroup/recvmsg4", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUdp4Recvmsg),
        Attached("cgroup/recvmsg6", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUdp6Recvmsg),
        Attached("cgroup/recvmsg_unix", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUnixRecvmsg),
        Attached("cgroup/getpeername4", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet4Getpeername),
        Attached("cgroup/getpeername6", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet6Getpeername),
        Attached("cgroup/getpeername_unix", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUnixGetpeername),
        Attached("cgroup/getsockname4", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet4Getsockname),
        Attached("cgroup/getsockname6", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupInet6Getsockname),
        Attached("cgroup/getsockname_unix", BpfProgType.CgroupSockAddr, BpfAttachType.CgroupUnixGetsockname),
        Attached("cgroup/sysctl", BpfProgType.CgroupSysctl, BpfAttachType.CgroupSysctl),
        Attached("cgroup/getsockopt", BpfProgType.CgroupSockopt, BpfAttachType.CgroupGetsockopt),
        Attached("cgroup/setsockopt", BpfProgType.CgroupSockopt, BpfAttachType.CgroupSetsockopt),
        Attached("cgroup/dev", BpfProgType.CgroupDevice, BpfAttachType.CgroupDevice),
        new("struct_ops.s", BpfProgType.StructOps, Form: SectionForm.OptionalTarget) { Sleepable = true, NeedsBtfTarget = true },
        new("struct_ops", BpfProgType.StructOps, Form: SectionForm.OptionalTarget) { NeedsBtfTarget = true },
        Attached("sk_lookup", BpfProgType.SkLookup, BpfAttachType.SkLookup),
        Attached("netfilter", BpfProgType.Netfilter, BpfAttachType.Netfilter),
    ];

    /// <summary>All rows, for documentation and tests.</summary>
    public static IReadOnlyList<SectionRule> All => Rules;

    /// <summary>Finds the row for a section name; null where the name is none of libbpf's. A leading "?" (not loaded by default) is skipped.</summary>
    public static SectionMatch? Find(string section)
    {
        string name = section.TrimStart('?');
        foreach (SectionRule rule in Rules)
        {
            if (name == rule.Name)
                return rule.Form == SectionForm.Target ? null : new SectionMatch(rule, null);
            if (rule.Form != SectionForm.Exact && name.Length > rule.Name.Length && name[rule.Name.Length] == '/' && name.StartsWith(rule.Name, StringComparison.Ordinal))
                return new SectionMatch(rule, name[(rule.Name.Length + 1)..]);
        }

        return null;
    }

    private static SectionRule Attached(string name, BpfProgType type, BpfAttachType attach) => new(name, type, attach) { SendsAttachType = true };

    private static SectionRule Xdp(string name, BpfAttachType attach, bool fragments = false) =>
        new(name, BpfProgType.Xdp, attach) { SendsAttachType = true, Fragments = fragments };

    private static SectionRule Btf(string name, BpfProgType type, BpfAttachType attach, bool sleepable = false) =>
        new(name, type, attach, SectionForm.OptionalTarget) { SendsAttachType = true, Sleepable = sleepable, NeedsBtfTarget = true };
}
