using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>What may lie in a map of maps, as kernel/bpf/map_in_map.c, 6.18.</summary>
internal static class InnerMaps
{
    /// <summary>bpf_map_meta_alloc: whether the map behind inner_map_fd can serve as template; 0, EINVAL (maps of maps do not nest) or ENOTSUPP.</summary>
    public static int CheckTemplate(BpfMap? template)
    {
        if (template is null || MapRegistry.Traits(template.Type) is not { HoldsMaps: false } traits)
            return -Errno.EINVAL;
        return traits.NeverInner ? -Errno.ENOTSUPP : 0;
    }

    /// <summary>
    /// bpf_map_meta_equal: the same type, sizes and flags; arrays also the same number of entries unless the template has BPF_F_INNER_MAP, because programs that look up
    /// inline count on it.
    /// </summary>
    public static bool Fits(BpfMap template, BpfMap inner) =>
        template.Type == inner.Type
        && template.KeySize == inner.KeySize
        && template.ValueSize == inner.ValueSize
        && template.Definition.Flags == inner.Definition.Flags
        && (template.Type != BpfMapType.Array || (template.Definition.Flags & MapFlags.InnerMap) != 0 || template.MaxEntries == inner.MaxEntries);
}
