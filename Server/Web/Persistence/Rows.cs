namespace WebBpf.Server.Persistence;

/// <summary>A key of a caller; only its SHA-256 is stored.</summary>
public sealed class ApiKeyRow
{
    public required string Id { get; set; }
    public required string Name { get; set; }
    public required string Hash { get; set; }
    public long Capabilities { get; set; }
    public uint Uid { get; set; }
    public bool Administrator { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>A file or directory of the bpffs; the path is the whole one below the mount ("/dir/prog"), without a trailing slash.</summary>
public sealed class BpffsRow
{
    public required string Path { get; set; }

    /// <summary>dir, prog, map or link.</summary>
    public required string Kind { get; set; }

    /// <summary>Id of the pinned object in its id space; 0 for directories.</summary>
    public uint ObjectId { get; set; }

    public uint Mode { get; set; }
    public uint Uid { get; set; }
    public uint Gid { get; set; }
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Why this entry could not be restored; kept until somebody removes it.</summary>
    public string? Quarantine { get; set; }
}

/// <summary>A program as it was loaded: everything that loading it again needs.</summary>
public sealed class ProgramRow
{
    public uint Id { get; set; }
    public uint Type { get; set; }
    public uint ExpectedAttachType { get; set; }
    public uint Flags { get; set; }
    public uint AttachBtfId { get; set; }
    public required string Name { get; set; }
    public required string License { get; set; }

    /// <summary>8 bytes each; map and BTF file descriptors in them are replaced by what <see cref="References"/> says.</summary>
    public required byte[] Insns { get; set; }

    /// <summary>JSON list of {insn, kind, id}: which object the pseudo load at an instruction means.</summary>
    public required string References { get; set; }

    public uint BtfId { get; set; }
    public required byte[] FuncInfo { get; set; }
    public uint FuncInfoRecSize { get; set; }
    public required byte[] LineInfo { get; set; }
    public uint LineInfoRecSize { get; set; }

    /// <summary>Capabilities the program was judged with.</summary>
    public long Capabilities { get; set; }

    public uint Uid { get; set; }
    public DateTimeOffset LoadedAt { get; set; }
    public string? Quarantine { get; set; }
}

/// <summary>A map's definition; its contents are <see cref="MapEntryRow"/>s.</summary>
public sealed class MapRow
{
    public uint Id { get; set; }
    public uint Type { get; set; }
    public uint KeySize { get; set; }
    public uint ValueSize { get; set; }
    public uint MaxEntries { get; set; }
    public uint Flags { get; set; }
    public required string Name { get; set; }
    public long MapExtra { get; set; }
    public int NumaNode { get; set; }
    public uint IfIndex { get; set; }
    public uint BtfId { get; set; }
    public uint BtfKeyTypeId { get; set; }
    public uint BtfValueTypeId { get; set; }
    public uint BtfVmlinuxValueTypeId { get; set; }

    /// <summary>For maps of maps: the id of the map that served as template.</summary>
    public uint InnerMapId { get; set; }

    public bool Frozen { get; set; }

    /// <summary>Copies in per-CPU values, as they were when they were stored.</summary>
    public int Cpus { get; set; }

    public uint Uid { get; set; }
    public string? Quarantine { get; set; }
}

/// <summary>One entry of a durable map; the value is what the system call sees (all CPUs of a per-CPU map).</summary>
public sealed class MapEntryRow
{
    public uint MapId { get; set; }
    public required byte[] Key { get; set; }
    public required byte[] Value { get; set; }
}

/// <summary>A BTF object that a durable map or program refers to.</summary>
public sealed class BtfRow
{
    public uint Id { get; set; }
    public required string Name { get; set; }
    public required byte[] Raw { get; set; }
    public string? Quarantine { get; set; }
}
