using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>What BPF_MAP_CREATE was asked for, already checked for ranges common to all types (sizes in bytes).</summary>
public sealed record MapDefinition(BpfMapType Type, uint KeySize, uint ValueSize, uint MaxEntries)
{
    public uint Flags { get; init; }

    /// <summary>At most 15 characters of [A-Za-z0-9_.].</summary>
    public string Name { get; init; } = "";

    public ulong MapExtra { get; init; }
    public int NumaNode { get; init; } = -1;
    public uint IfIndex { get; init; }

    /// <summary>Maps of maps: the map behind inner_map_fd, which serves as template of what may be inserted. The new map takes a reference of its own.</summary>
    public BpfMap? InnerMap { get; init; }

    /// <summary>BTF object of the key and value types; the map holds a reference. Null where the map has no BTF.</summary>
    public Btf.BtfObject? Btf { get; init; }

    public uint BtfKeyTypeId { get; init; }
    public uint BtfValueTypeId { get; init; }
    public uint BtfVmlinuxValueTypeId { get; init; }
}
