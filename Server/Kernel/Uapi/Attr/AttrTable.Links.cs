namespace WebBpf.Kernel.Uapi;

public static partial class AttrTable
{
    private static IEnumerable<AttrCommand> LinkCommands()
    {
        AttrField[] attach =
        [
            FdOrIfindex("target_fd", 0),
            U32("target_ifindex", 0),
            Fd("attach_bpf_fd", 4),
            Enum<BpfAttachType>("attach_type", 8),
            U32("attach_flags", 12),
            Fd("replace_bpf_fd", 16),
            FdOrId("relative_fd", 20),
            U32("relative_id", 20),
            U64("expected_revision", 24),
        ];
        yield return new AttrCommand(BpfCommand.ProgAttach, "expected_revision", attach);
        yield return new AttrCommand(BpfCommand.ProgDetach, "expected_revision", attach);

        yield return new AttrCommand(
            BpfCommand.ProgQuery,
            "revision",
            [
                FdOrIfindex("target_fd", 0),
                U32("target_ifindex", 0),
                Enum<BpfAttachType>("attach_type", 4),
                U32("query_flags", 8),
                U32("attach_flags", 12) with { Out = true },
                Ids("prog_ids", 16),
                U32("prog_cnt", 24) with { Out = true },
                U32("count", 24) with { Out = true },
                Ids("prog_attach_flags", 32),
                Ids("link_ids", 40),
                Ids("link_attach_flags", 48),
                U64("revision", 56) with { Out = true },
            ])
        { Member = "query" };

        yield return new AttrCommand(
            BpfCommand.RawTracepointOpen, "cookie", [Text("name", 0), Fd("prog_fd", 8), U64("cookie", 16)])
        { Member = "raw_tracepoint" };

        yield return new AttrCommand(
            BpfCommand.LinkUpdate,
            "old_prog_fd",
            [Fd("link_fd", 0), Fd("new_prog_fd", 4), Fd("new_map_fd", 4), U32("flags", 8), Fd("old_prog_fd", 12), Fd("old_map_fd", 12)])
        { Member = "link_update" };
        yield return new AttrCommand(BpfCommand.LinkDetach, "link_fd", [Fd("link_fd", 0)]) { Member = "link_detach" };
        yield return new AttrCommand(BpfCommand.IterCreate, "flags", [Fd("link_fd", 0), U32("flags", 4)]) { Member = "iter_create" };
        yield return new AttrCommand(BpfCommand.LinkCreate, "uprobe_multi.pid", LinkCreate()) { Member = "link_create" };
    }

    private static AttrField[] LinkCreate() =>
    [
        Fd("prog_fd", 0),
        Fd("map_fd", 0),
        FdOrIfindex("target_fd", 4),
        U32("target_ifindex", 4),
        Enum<BpfAttachType>("attach_type", 8),
        U32("flags", 12),
        U32("target_btf_id", 16),
        In("iter_info", 16, AttrExtent.Counted, "iter_info_len"),
        U32("iter_info_len", 24),
        U64("perf_event.bpf_cookie", 16),
        U32("kprobe_multi.flags", 16),
        U32("kprobe_multi.cnt", 20),
        In("kprobe_multi.syms", 24, AttrExtent.Counted, "kprobe_multi.cnt") with { Element = 8, IsText = true },
        Numbers("kprobe_multi.addrs", 32, "kprobe_multi.cnt"),
        Numbers("kprobe_multi.cookies", 40, "kprobe_multi.cnt"),
        U32("tracing.target_btf_id", 16),
        U64("tracing.cookie", 24),
        U32("netfilter.pf", 16),
        U32("netfilter.hooknum", 20),
        S32("netfilter.priority", 24),
        U32("netfilter.flags", 28),
        .. Relative("tcx"),
        Text("uprobe_multi.path", 16),
        Numbers("uprobe_multi.offsets", 24, "uprobe_multi.cnt"),
        Numbers("uprobe_multi.ref_ctr_offsets", 32, "uprobe_multi.cnt"),
        Numbers("uprobe_multi.cookies", 40, "uprobe_multi.cnt"),
        U32("uprobe_multi.cnt", 48),
        U32("uprobe_multi.flags", 52),
        U32("uprobe_multi.pid", 56),
        .. Relative("netkit"),
        .. Relative("cgroup"),
    ];

    private static AttrField[] Relative(string member) =>
        [FdOrId($"{member}.relative_fd", 16), U32($"{member}.relative_id", 16), U64($"{member}.expected_revision", 24)];

    private static AttrField Ids(string name, int offset) =>
        Out(name, offset, AttrExtent.Counted, "prog_cnt") with { Element = 4, HoldsNumbers = true };

    private static AttrField Numbers(string name, int offset, string count) =>
        In(name, offset, AttrExtent.Counted, count) with { Element = 8, HoldsNumbers = true };

    private static AttrField FdOrIfindex(string name, int offset) => new(name, offset, 4, AttrKind.FdOrIfindex);

    private static AttrField FdOrId(string name, int offset) => new(name, offset, 4, AttrKind.FdOrId);
}
