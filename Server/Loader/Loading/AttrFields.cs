using WebBpf.Kernel.Uapi;

namespace WebBpf.Loader.Loading;

internal readonly record struct AttrField(int Offset, int Size);

internal static class AttrFields
{
    public static AttrField? Find(BpfCommand command, string field) => (command, field) switch
    {
        (BpfCommand.MapCreate, "map_type") => new(0, 4),
        (BpfCommand.MapCreate, "key_size") => new(4, 4),
        (BpfCommand.MapCreate, "value_size") => new(8, 4),
        (BpfCommand.MapCreate, "max_entries") => new(12, 4),
        (BpfCommand.MapCreate, "map_flags") => new(16, 4),
        (BpfCommand.MapCreate, "inner_map_fd") => new(20, 4),
        (BpfCommand.MapCreate, "numa_node") => new(24, 4),
        (BpfCommand.MapCreate, "map_name") => new(28, 16),
        (BpfCommand.MapCreate, "btf_fd") => new(48, 4),
        (BpfCommand.MapCreate, "btf_key_type_id") => new(52, 4),
        (BpfCommand.MapCreate, "btf_value_type_id") => new(56, 4),
        (BpfCommand.MapCreate, "map_extra") => new(64, 8),
        (BpfCommand.MapUpdateElem or BpfCommand.MapFreeze, "map_fd") => new(0, 4),
        (BpfCommand.MapUpdateElem, "key") => new(8, 8),
        (BpfCommand.MapUpdateElem, "value") => new(16, 8),
        (BpfCommand.ProgLoad, "prog_type") => new(0, 4),
        (BpfCommand.ProgLoad, "insn_cnt") => new(4, 4),
        (BpfCommand.ProgLoad, "insns") => new(8, 8),
        (BpfCommand.ProgLoad, "license") => new(16, 8),
        (BpfCommand.ProgLoad, "log_level") => new(24, 4),
        (BpfCommand.ProgLoad, "log_size") => new(28, 4),
        (BpfCommand.ProgLoad, "log_buf") => new(32, 8),
        (BpfCommand.ProgLoad, "prog_flags") => new(44, 4),
        (BpfCommand.ProgLoad, "prog_name") => new(48, 16),
        (BpfCommand.ProgLoad, "expected_attach_type") => new(68, 4),
        (BpfCommand.ProgLoad, "prog_btf_fd") => new(72, 4),
        (BpfCommand.ProgLoad, "func_info_rec_size") => new(76, 4),
        (BpfCommand.ProgLoad, "func_info") => new(80, 8),
        (BpfCommand.ProgLoad, "func_info_cnt") => new(88, 4),
        (BpfCommand.ProgLoad, "line_info_rec_size") => new(92, 4),
        (BpfCommand.ProgLoad, "line_info") => new(96, 8),
        (BpfCommand.ProgLoad, "line_info_cnt") => new(104, 4),
        (BpfCommand.BtfLoad, "btf") => new(0, 8),
        (BpfCommand.BtfLoad, "btf_log_buf") => new(8, 8),
        (BpfCommand.BtfLoad, "btf_size") => new(16, 4),
        (BpfCommand.BtfLoad, "btf_log_size") => new(20, 4),
        (BpfCommand.BtfLoad, "btf_log_level") => new(24, 4),
        (BpfCommand.ObjPin or BpfCommand.ObjGet, "pathname") => new(0, 8),
        (BpfCommand.ObjPin or BpfCommand.ObjGet, "bpf_fd") => new(8, 4),
        (BpfCommand.ObjGetInfoByFd, "bpf_fd") => new(0, 4),
        (BpfCommand.ObjGetInfoByFd, "info_len") => new(4, 4),
        (BpfCommand.ObjGetInfoByFd, "info") => new(8, 8),
        _ => null,
    };
}
