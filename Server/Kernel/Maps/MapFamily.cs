using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>Marks a <see cref="MapFamily"/> (with a constructor without parameters) and names the map types it makes.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BpfMapFamilyAttribute(params BpfMapType[] types) : Attribute
{
    public IReadOnlyList<BpfMapType> Types { get; } = types;
}

/// <summary>How maps of one or several related types are checked and made, as struct bpf_map_ops. One file per family; found by <see cref="MapRegistry"/>.</summary>
public abstract class MapFamily
{
    public abstract MapTraits Traits(BpfMapType type);

    /// <summary>As map_alloc_check: 0 or a negative errno, in the kernel's order.</summary>
    public abstract int CheckCreate(MapDefinition definition, BpfTask task);

    /// <summary>As map_alloc: makes a map that passed <see cref="CheckCreate"/>. Returns 0 or a negative errno (ENOMEM, E2BIG, or EINVAL of what the kernel checks only here).</summary>
    public abstract int Create(MapDefinition definition, MapContext context, out BpfMap? map);

    /// <summary>bpf_map_flags_access_ok: programs are not both kept from reading and from writing.</summary>
    protected static bool ProgramAccessValid(uint flags) =>
        (flags & (MapFlags.RdonlyProg | MapFlags.WronlyProg)) != (MapFlags.RdonlyProg | MapFlags.WronlyProg);
}
