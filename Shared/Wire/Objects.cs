namespace WebBpf.Shared.Wire;

/// <summary>What runs here.</summary>
public sealed record KernelInfo(
    string Release,
    string Backend,
    int Cpus,
    DateTimeOffset StartedAt,
    KernelLimits Limits,
    IReadOnlyList<string> Backends,
    KernelCounts Counts,
    bool Ready,
    IReadOnlyList<QuarantinedObject> Quarantine);

/// <summary>Limits of the kernel and of this service, in bytes where it is memory.</summary>
public sealed record KernelLimits(
    int MaxInsns, int ComplexityLimitInsns, int MaxStack, int MaxCallFrames, int MaxTailCalls, int MaxRequestBytes, int MaxCallMemoryBytes, double CallTimeoutSeconds);

public sealed record KernelCounts(long Programs, long Maps, long Links, long Btf, long Pins);

/// <summary>Something stored that could not be brought back; its data is kept.</summary>
public sealed record QuarantinedObject(string Kind, string Name, string Reason);

/// <summary>A program, named as bpftool names its fields.</summary>
public sealed record ProgramInfo(
    uint Id,
    string Type,
    string Name,
    string Tag,
    bool GplCompatible,
    ulong RunTimeNs,
    ulong RunCnt,
    ulong RecursionMisses,
    DateTimeOffset? LoadedAt,
    uint Uid,
    bool Orphaned,
    uint BytesXlated,
    bool Jited,
    uint BytesJited,
    uint VerifiedInsns,
    IReadOnlyList<uint> MapIds,
    uint? BtfId,
    IReadOnlyList<string>? Pinned,
    IReadOnlyList<string>? NotImplemented);

/// <summary>A map, named as bpftool names its fields.</summary>
public sealed record MapInfo(
    uint Id,
    string Type,
    string Name,
    uint Flags,
    uint BytesKey,
    uint BytesValue,
    uint MaxEntries,
    ulong? BytesMemlock,
    bool? Frozen,
    ulong MapExtra,
    uint? BtfId,
    uint? BtfKeyTypeId,
    uint? BtfValueTypeId,
    IReadOnlyList<string>? Pinned);

/// <summary>A BTF object.</summary>
public sealed record BtfInfo(uint Id, string Name, uint Size, bool Kernel, IReadOnlyList<uint>? ProgIds, IReadOnlyList<uint>? MapIds);

/// <summary>An element of a map; of per-CPU maps <paramref name="Values"/> has one value per CPU.</summary>
/// <param name="Key">Hex.</param>
/// <param name="Value">Hex, as the system call gives it.</param>
/// <param name="Values">Hex of each CPU's value.</param>
/// <param name="Formatted">Key and value as JSON, where the map has BTF.</param>
public sealed record MapEntry(string Key, string? Value, IReadOnlyList<CpuValue>? Values, FormattedEntry? Formatted);

public sealed record CpuValue(int Cpu, string Value);

/// <summary>Key and value by the map's BTF.</summary>
public sealed record FormattedEntry(object? Key, object? Value, IReadOnlyList<object?>? Values);

/// <summary>What a PUT writes: the value as hex (of per-CPU maps all copies, or one for all), and the flags of the update.</summary>
public sealed record MapEntryWrite(string Value, ulong? Flags);

/// <summary>An instruction of a dump.</summary>
public sealed record InsnLine(int Index, string Opcode, string Text, string? Source);

/// <summary>A dump of a program after verification.</summary>
public sealed record XlatedInfo(string Insns, IReadOnlyList<InsnLine> Lines);

/// <summary>A basic block: instructions [Start, End) and the blocks that follow.</summary>
public sealed record CfgBlock(int Id, int Subprogram, int Start, int End, IReadOnlyList<CfgEdge> Successors);

/// <summary>An edge: "next", "jump", "taken" or "call".</summary>
public sealed record CfgEdge(int To, string Kind);

public sealed record CfgInfo(IReadOnlyList<CfgBlock> Blocks);

/// <summary>Run statistics and numbers of the verification.</summary>
public sealed record ProgramStats(uint Id, ulong RunTimeNs, ulong RunCnt, ulong RecursionMisses, uint VerifiedInsns, VerificationStats? Verification);

/// <summary>A log as text.</summary>
public sealed record LogInfo(uint Id, string Log);

/// <summary>A link.</summary>
public sealed record LinkInfo(uint Id, string Type, uint ProgId);
