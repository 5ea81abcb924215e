using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Uapi;

/// <summary>
/// The structs that BPF_OBJ_GET_INFO_BY_FD fills, 6.18. Pointers inside them are given by the caller together with the room behind
/// them; held against the machine's BTF by the tests. Link infos are unions by link type: only what all have is listed.
/// </summary>
public static class InfoTable
{
    /// <summary>struct bpf_prog_info.</summary>
    public const int ProgSize = 232;

    /// <summary>struct bpf_map_info.</summary>
    public const int MapSize = 104;

    /// <summary>struct bpf_btf_info.</summary>
    public const int BtfSize = 32;

    /// <summary>struct bpf_link_info.</summary>
    public const int LinkSize = 64;

    private static readonly AttrField[] Prog =
    [
        new("type", 0, 4, AttrKind.Enum) { Enum = typeof(BpfProgType) },
        U32("id", 4),
        new("tag", 8, 8, AttrKind.Bytes),
        U32("jited_prog_len", 16),
        U32("xlated_prog_len", 20),
        Bytes("jited_prog_insns", 24, "jited_prog_len"),
        Bytes("xlated_prog_insns", 32, "xlated_prog_len"),
        U64("load_time", 40),
        U32("created_by_uid", 48),
        U32("nr_map_ids", 52),
        Numbers("map_ids", 56, "nr_map_ids", 4),
        new("name", 64, 16, AttrKind.Chars),
        U32("ifindex", 80),
        U32("gpl_compatible", 84),
        U64("netns_dev", 88),
        U64("netns_ino", 96),
        U32("nr_jited_ksyms", 104),
        U32("nr_jited_func_lens", 108),
        Numbers("jited_ksyms", 112, "nr_jited_ksyms", 8),
        Numbers("jited_func_lens", 120, "nr_jited_func_lens", 4),
        U32("btf_id", 128),
        U32("func_info_rec_size", 132),
        Records("func_info", 136, "nr_func_info", 8),
        U32("nr_func_info", 144),
        U32("nr_line_info", 148),
        Records("line_info", 152, "nr_line_info", 16),
        Records("jited_line_info", 160, "nr_jited_line_info", 8),
        U32("nr_jited_line_info", 168),
        U32("line_info_rec_size", 172),
        U32("jited_line_info_rec_size", 176),
        U32("nr_prog_tags", 180),
        new("prog_tags", 184, 8, AttrKind.PointerOut) { Extent = AttrExtent.Counted, Count = "nr_prog_tags", Element = 8 },
        U64("run_time_ns", 192),
        U64("run_cnt", 200),
        U64("recursion_misses", 208),
        U32("verified_insns", 216),
        U32("attach_btf_obj_id", 220),
        U32("attach_btf_id", 224),
    ];

    private static readonly AttrField[] Map =
    [
        new("type", 0, 4, AttrKind.Enum) { Enum = typeof(BpfMapType) },
        U32("id", 4),
        U32("key_size", 8),
        U32("value_size", 12),
        U32("max_entries", 16),
        U32("map_flags", 20),
        new("name", 24, 16, AttrKind.Chars),
        U32("ifindex", 40),
        U32("btf_vmlinux_value_type_id", 44),
        U64("netns_dev", 48),
        U64("netns_ino", 56),
        U32("btf_id", 64),
        U32("btf_key_type_id", 68),
        U32("btf_value_type_id", 72),
        U32("btf_vmlinux_id", 76),
        U64("map_extra", 80),
        Bytes("hash", 88, "hash_size"),
        U32("hash_size", 96),
    ];

    private static readonly AttrField[] Btf =
    [
        Bytes("btf", 0, "btf_size"),
        U32("btf_size", 8),
        U32("id", 12),
        Bytes("name", 16, "name_len") with { IsText = true },
        U32("name_len", 24),
        U32("kernel_btf", 28),
    ];

    private static readonly AttrField[] Link =
    [
        new("type", 0, 4, AttrKind.Enum) { Enum = typeof(BpfLinkType) },
        U32("id", 4),
        U32("prog_id", 8),
    ];

    /// <summary>Fields and size in bytes of the info of one kind of object; none for kinds without an info.</summary>
    public static (IReadOnlyList<AttrField> Fields, int Size) Of(ObjectKind kind) => kind switch
    {
        ObjectKind.Prog => (Prog, ProgSize),
        ObjectKind.Map => (Map, MapSize),
        ObjectKind.Btf => (Btf, BtfSize),
        ObjectKind.Link => (Link, LinkSize),
        _ => ([], 0),
    };

    private static AttrField U32(string name, int offset) => new(name, offset, 4, AttrKind.U32) { Out = true };

    private static AttrField U64(string name, int offset) => new(name, offset, 8, AttrKind.U64) { Out = true };

    private static AttrField Bytes(string name, int offset, string count) =>
        new(name, offset, 8, AttrKind.PointerOut) { Extent = AttrExtent.Counted, Count = count };

    private static AttrField Numbers(string name, int offset, string count, int element) =>
        new(name, offset, 8, AttrKind.PointerOut) { Extent = AttrExtent.Counted, Count = count, Element = element, HoldsNumbers = true };

    private static AttrField Records(string name, int offset, string count, int element) =>
        new(name, offset, 8, AttrKind.PointerOut) { Extent = AttrExtent.Counted, Count = count, Element = element };
}
