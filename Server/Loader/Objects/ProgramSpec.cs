using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;
using WebBpf.Loader.Sections;

namespace WebBpf.Loader.Objects;

/// <summary>A program of an object, linked: its own function first, the functions it calls behind it, ready to be loaded once maps have fds.</summary>
public sealed record ProgramSpec(string Name, string Section, SectionMatch Match)
{
    public required Insn[] Insns { get; init; }

    /// <summary>Immediates to be filled in when the maps exist.</summary>
    public required IReadOnlyList<MapReference> MapReferences { get; init; }

    public IReadOnlyList<FuncInfo> FuncInfos { get; init; } = [];

    public IReadOnlyList<LineInfo> LineInfos { get; init; } = [];

    /// <summary>CO-RE relocations that apply to it.</summary>
    public int CoreRelocations { get; init; }

    /// <summary>False for sections that start with "?": loaded only when asked for by name.</summary>
    public bool AutoLoad => !Section.StartsWith('?');
}

/// <summary>A 64-bit immediate that refers to a map, or to an address inside the value of a data section's map.</summary>
/// <param name="Insn">Index of its first slot.</param>
/// <param name="Map">Index in <see cref="BpfObject.Maps"/>.</param>
/// <param name="ValueOffset">Offset inside the value, or null for the map itself.</param>
public readonly record struct MapReference(int Insn, int Map, uint? ValueOffset);
