using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>What PROG_LOAD was given beside the instructions, kept so that the program can be loaded again.</summary>
public sealed record ProgramSource
{
    public static readonly ProgramSource None = new();

    /// <summary>The objects that pseudo loads mean, by id: descriptors do not outlive their process.</summary>
    public IReadOnlyList<ProgramReference> References { get; init; } = [];

    public byte[] FuncInfo { get; init; } = [];
    public uint FuncInfoRecSize { get; init; }
    public byte[] LineInfo { get; init; } = [];
    public uint LineInfoRecSize { get; init; }

    /// <summary>What its loader was allowed.</summary>
    public Capabilities Capabilities { get; init; } = Capabilities.All;
}
