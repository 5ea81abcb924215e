using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Objects.Journal;

/// <summary>A file or directory of the bpffs.</summary>
/// <param name="Path">Below the mount, "/dir/prog", without a trailing slash.</param>
/// <param name="Kind">Directory, or the kind of the pinned object.</param>
/// <param name="ObjectId">Id of the pinned object in its id space; 0 for directories.</param>
public sealed record BpffsNodeImage(string Path, DurableKind Kind, uint ObjectId)
{
    /// <summary>Permission bits.</summary>
    public uint Mode { get; init; }

    public uint Uid { get; init; }
    public uint Gid { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A map's definition as MAP_CREATE got it; sizes in bytes.</summary>
public sealed record MapImage(uint Id, BpfMapType Type, uint KeySize, uint ValueSize, uint MaxEntries)
{
    public uint Flags { get; init; }
    public string Name { get; init; } = "";
    public ulong MapExtra { get; init; }
    public int NumaNode { get; init; } = -1;
    public uint IfIndex { get; init; }
    public uint BtfId { get; init; }
    public uint BtfKeyTypeId { get; init; }
    public uint BtfValueTypeId { get; init; }
    public uint BtfVmlinuxValueTypeId { get; init; }

    /// <summary>For maps of maps: the id of the map that served as template.</summary>
    public uint InnerMapId { get; init; }

    public bool Frozen { get; init; }

    /// <summary>Copies in per-CPU values when it was stored; another number is folded at restore.</summary>
    public int Cpus { get; init; }

    public uint Uid { get; init; }
}

/// <summary>A program as PROG_LOAD got it: everything that verifying it again needs.</summary>
public sealed record ProgramImage(uint Id, BpfProgType Type, string Name, byte[] Insns)
{
    public BpfAttachType ExpectedAttachType { get; init; }

    /// <summary>prog_flags.</summary>
    public uint Flags { get; init; }

    public uint AttachBtfId { get; init; }
    public string License { get; init; } = "";

    /// <summary>Which object each pseudo load of <see cref="Insns"/> means; the fds inside the instructions are zeroed.</summary>
    public IReadOnlyList<ProgramReference> References { get; init; } = [];

    /// <summary>The program's own BTF, 0 where it has none.</summary>
    public uint BtfId { get; init; }

    public byte[] FuncInfo { get; init; } = [];
    public uint FuncInfoRecSize { get; init; }
    public byte[] LineInfo { get; init; } = [];
    public uint LineInfoRecSize { get; init; }

    /// <summary>What the loader was allowed; the program is judged again with these.</summary>
    public Capabilities Capabilities { get; init; }

    public uint Uid { get; init; }
    public DateTimeOffset LoadedAt { get; init; }
}

/// <summary>The 64-bit load at <paramref name="Instruction"/> names an object by id.</summary>
/// <param name="Instruction">Index of the first half of the load.</param>
/// <param name="Kind">Map or BTF.</param>
/// <param name="Id">The object.</param>
public readonly record struct ProgramReference(int Instruction, DurableKind Kind, uint Id);

/// <summary>A BTF object.</summary>
public sealed record BtfImage(uint Id, byte[] Raw)
{
    public string Name { get; init; } = "";
}
