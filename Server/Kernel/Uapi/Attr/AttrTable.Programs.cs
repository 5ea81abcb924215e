namespace WebBpf.Kernel.Uapi;

public static partial class AttrTable
{
    private static IEnumerable<AttrCommand> ProgramCommands()
    {
        yield return new AttrCommand(
            BpfCommand.ProgLoad,
            "keyring_id",
            [
                Enum<BpfProgType>("prog_type", 0),
                U32("insn_cnt", 4),
                In("insns", 8, AttrExtent.Counted, "insn_cnt") with { Element = 8 },
                Text("license", 16),
                U32("log_level", 24),
                U32("log_size", 28),
                Out("log_buf", 32, AttrExtent.Counted, "log_size") with { DataName = "log", IsText = true },
                U32("kern_version", 40),
                U32("prog_flags", 44),
                Chars("prog_name", 48, 16),
                U32("prog_ifindex", 64),
                Enum<BpfAttachType>("expected_attach_type", 68),
                Fd("prog_btf_fd", 72),
                U32("func_info_rec_size", 76),
                In("func_info", 80, AttrExtent.Records, "func_info_cnt") with { RecordSize = "func_info_rec_size" },
                U32("func_info_cnt", 88),
                U32("line_info_rec_size", 92),
                In("line_info", 96, AttrExtent.Records, "line_info_cnt") with { RecordSize = "line_info_rec_size" },
                U32("line_info_cnt", 104),
                U32("attach_btf_id", 108),
                Fd("attach_prog_fd", 112),
                Fd("attach_btf_obj_fd", 112),
                U32("core_relo_cnt", 116),
                In("fd_array", 120, AttrExtent.Counted, "fd_array_cnt") with { Element = 4, HoldsFds = true, HoldsNumbers = true },
                In("core_relos", 128, AttrExtent.Records, "core_relo_cnt") with { RecordSize = "core_relo_rec_size" },
                U32("core_relo_rec_size", 136),
                U32("log_true_size", 140) with { Out = true },
                Fd("prog_token_fd", 144),
                U32("fd_array_cnt", 148),
                In("signature", 152, AttrExtent.Counted, "signature_size"),
                U32("signature_size", 160),
                S32("keyring_id", 164),
            ]);

        yield return new AttrCommand(
            BpfCommand.ProgTestRun,
            "batch_size",
            [
                Fd("prog_fd", 0),
                U32("retval", 4) with { Out = true },
                U32("data_size_in", 8),
                U32("data_size_out", 12) with { Out = true },
                In("data_in", 16, AttrExtent.Counted, "data_size_in"),
                Out("data_out", 24, AttrExtent.Counted, "data_size_out"),
                U32("repeat", 32),
                U32("duration", 36) with { Out = true },
                U32("ctx_size_in", 40),
                U32("ctx_size_out", 44) with { Out = true },
                In("ctx_in", 48, AttrExtent.Counted, "ctx_size_in"),
                Out("ctx_out", 56, AttrExtent.Counted, "ctx_size_out"),
                U32("flags", 64),
                U32("cpu", 68),
                U32("batch_size", 72),
            ])
        { Member = "test" };

        yield return new AttrCommand(BpfCommand.ProgBindMap, "flags", [Fd("prog_fd", 0), Fd("map_fd", 4), U32("flags", 8)]) { Member = "prog_bind_map" };
        yield return new AttrCommand(
            BpfCommand.ProgStreamReadByFd,
            "prog_fd",
            [
                Out("stream_buf", 0, AttrExtent.Counted, "stream_buf_len") with { IsText = true },
                U32("stream_buf_len", 8),
                U32("stream_id", 12),
                Fd("prog_fd", 16),
            ])
        { Member = "prog_stream_read" };

        yield return new AttrCommand(
            BpfCommand.TaskFdQuery,
            "probe_addr",
            [
                U32("pid", 0),
                U32("fd", 4),
                U32("flags", 8),
                U32("buf_len", 12) with { Out = true },
                Out("buf", 16, AttrExtent.Counted, "buf_len") with { IsText = true },
                U32("prog_id", 24) with { Out = true },
                U32("fd_type", 28) with { Out = true },
                U64("probe_offset", 32) with { Out = true },
                U64("probe_addr", 40) with { Out = true },
            ])
        { Member = "task_fd_query" };
    }
}
