using System.Reflection;

namespace WebBpf.Kernel.Maps;

/// <summary>What compiled code needs to look an element up inline or by a direct call.</summary>
public sealed record MapFastPath
{
    /// <summary>
    /// A static method <c>ulong Lookup(TMap map, ulong key)</c> or, for per-CPU maps, <c>ulong Lookup(TMap map, ulong key, int cpu)</c>; TMap is the map's own class.
    /// Null where the element is computed from <see cref="Values"/>.
    /// </summary>
    public MethodInfo? Method { get; init; }

    /// <summary>Index maps: address of value 0 (of CPU 0). The value lies at <c>Values + index * Stride + cpu * CpuStride</c> where index is below <see cref="Count"/>, else the lookup gives 0.</summary>
    public ulong Values { get; init; }

    /// <summary>Bytes from one value to the next: <c>round_up(value_size, 8)</c>.</summary>
    public uint Stride { get; init; }

    /// <summary>Bytes from one CPU's values to the next CPU's; 0 where values are shared.</summary>
    public ulong CpuStride { get; init; }

    /// <summary>Number of values (max_entries).</summary>
    public uint Count { get; init; }
}
