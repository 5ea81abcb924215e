using WebBpf.Kernel.Uapi;

namespace WebBpf.Loader.Objects;

/// <summary>A map that an object defines, or that stands for one of its data sections.</summary>
public sealed record MapSpec(string Name, BpfMapType Type)
{
    public uint KeySize { get; init; }
    public uint ValueSize { get; init; }
    public uint MaxEntries { get; init; }
    public uint Flags { get; init; }
    public ulong MapExtra { get; init; }
    public uint NumaNode { get; init; }
    public uint BtfKeyTypeId { get; init; }
    public uint BtfValueTypeId { get; init; }

    /// <summary>Pinned under its name (LIBBPF_PIN_BY_NAME).</summary>
    public bool PinByName { get; init; }

    /// <summary>What array_of_maps and hash_of_maps hold.</summary>
    public MapSpec? Inner { get; init; }

    /// <summary>Initial value of the single element of a data section's map.</summary>
    public byte[]? Data { get; init; }

    /// <summary>The section's data cannot be changed once it is set (.rodata): the map is frozen after that.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Section and offset where it is defined: what relocations refer to.</summary>
    public int Section { get; init; } = -1;

    public ulong Offset { get; init; }

    /// <summary>Elements that refer to programs or maps of the same object.</summary>
    public IReadOnlyList<MapSlot> Slots { get; init; } = [];

    public bool IsDataSection => Data is not null;
}

/// <summary>One initial element: at <see cref="Index"/> stands the program or map of that name.</summary>
public readonly record struct MapSlot(uint Index, string Target);
