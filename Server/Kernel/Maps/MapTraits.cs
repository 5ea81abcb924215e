using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>What the verifier and the system call need to know of a map type, beside its operations. A fact about a type stands in the type's family.</summary>
public sealed record MapTraits
{
    private static readonly IReadOnlySet<BpfFuncId> None = new HashSet<BpfFuncId>();

    /// <summary>The only helpers that may be given a map of this type; null where any goes that is not another type's own.</summary>
    public IReadOnlySet<BpfFuncId>? Only { get; init; }

    /// <summary>Helpers that take maps of this type and of no type that does not list them (tail_call, ringbuf_*, map_push_elem, ...).</summary>
    public IReadOnlySet<BpfFuncId> Own { get; init; } = None;

    /// <summary>bpf_for_each_map_elem walks it ("callback function not allowed for map" otherwise).</summary>
    public bool ForEach { get; init; }

    /// <summary>Values may be addressed by BPF_PSEUDO_MAP_VALUE (map_direct_value_addr).</summary>
    public bool DirectValue { get; init; }

    /// <summary>One value per possible CPU.</summary>
    public bool PerCpu { get; init; }

    /// <summary>Values that the system call writes are fds, those it reads are ids (IS_FD_MAP).</summary>
    public bool HoldsFds { get; init; }

    /// <summary>Values are maps: creation takes inner_map_fd, a lookup gives programs a map pointer.</summary>
    public bool HoldsMaps { get; init; }

    /// <summary>No map of maps may hold one (no map_meta_equal: ENOTSUPP).</summary>
    public bool NeverInner { get; init; }

    /// <summary>Creation takes no key and no value type of BTF (map_check_no_btf: ENOTSUPP).</summary>
    public bool NoBtf { get; init; }

    /// <summary>Keys are 32-bit indexes: BTF keys must be int, or void for a single DATASEC value (array_map_check_btf).</summary>
    public bool Indexed { get; init; }
}
