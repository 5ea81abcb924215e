namespace WebBpf.Kernel.Uapi;

public static partial class AttrTable
{
    private static IEnumerable<AttrCommand> ObjectCommands()
    {
        AttrField[] file = [Text("pathname", 0), Fd("bpf_fd", 8), U32("file_flags", 12), Fd("path_fd", 16)];
        yield return new AttrCommand(BpfCommand.ObjPin, "path_fd", file);
        yield return new AttrCommand(BpfCommand.ObjGet, "path_fd", file);

        foreach (BpfCommand next in new[] { BpfCommand.ProgGetNextId, BpfCommand.MapGetNextId, BpfCommand.BtfGetNextId, BpfCommand.LinkGetNextId })
            yield return new AttrCommand(next, "next_id", [U32("start_id", 0), U32("next_id", 4) with { Out = true }]);

        yield return new AttrCommand(BpfCommand.ProgGetFdById, "prog_id", [U32("prog_id", 0)]);
        yield return new AttrCommand(BpfCommand.MapGetFdById, "open_flags", [U32("map_id", 0), U32("open_flags", 8)]);
        yield return new AttrCommand(
            BpfCommand.BtfGetFdById, "fd_by_id_token_fd", [U32("btf_id", 0), U32("open_flags", 8), Fd("fd_by_id_token_fd", 12)]);
        yield return new AttrCommand(BpfCommand.LinkGetFdById, "link_id", [U32("link_id", 0)]);

        yield return new AttrCommand(
            BpfCommand.ObjGetInfoByFd,
            "info",
            [
                Fd("bpf_fd", 0),
                U32("info_len", 4) with { Out = true },
                Out("info", 8, AttrExtent.Counted, "info_len"),
            ])
        { Member = "info" };

        yield return new AttrCommand(
            BpfCommand.BtfLoad,
            "btf_token_fd",
            [
                In("btf", 0, AttrExtent.Counted, "btf_size"),
                Out("btf_log_buf", 8, AttrExtent.Counted, "btf_log_size") with { DataName = "btf_log", IsText = true },
                U32("btf_size", 16),
                U32("btf_log_size", 20),
                U32("btf_log_level", 24),
                U32("btf_log_true_size", 28) with { Out = true },
                U32("btf_flags", 32),
                Fd("btf_token_fd", 36),
            ]);

        yield return new AttrCommand(BpfCommand.EnableStats, "type", [U32("type", 0)]) { Member = "enable_stats" };
        yield return new AttrCommand(BpfCommand.TokenCreate, "bpffs_fd", [U32("flags", 0), Fd("bpffs_fd", 4)]) { Member = "token_create" };
    }
}
