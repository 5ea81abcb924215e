namespace WebBpf.Loader.Objects;

/// <summary>A compiled BPF object, understood: what would be created, before anything is.</summary>
public sealed class BpfObject
{
    public required string Name { get; init; }
    public required string License { get; init; }

    /// <summary>BTF made ready for the kernel (sections with sizes and offsets filled in), or null where the object has none.</summary>
    public byte[]? Btf { get; init; }

    public required IReadOnlyList<MapSpec> Maps { get; init; }
    public required IReadOnlyList<ProgramSpec> Programs { get; init; }

    /// <summary>Global variables by name: where to set them before the load.</summary>
    public IReadOnlyDictionary<string, GlobalVariable> Globals { get; init; } = new Dictionary<string, GlobalVariable>();
}

/// <summary>A global variable: index of its map, offset and size in the value.</summary>
public readonly record struct GlobalVariable(string Name, int Map, uint Offset, uint Size);
