using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Observe;

/// <summary>
/// Where writes of the system call to durable maps are recorded, in order. Called inside the map's gate (<see cref="MapTracking.Gate"/>), right after the
/// write took effect: must be quick and must not call the map.
/// </summary>
public interface IMapJournal
{
    /// <param name="value">In the form of the system call (all CPUs for per-CPU maps).</param>
    void Updated(BpfMap map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    void Deleted(BpfMap map, ReadOnlySpan<byte> key);
}

/// <summary>An element to be flushed: its value as it is now, or null where it is gone.</summary>
public readonly record struct DirtyElement(byte[] Key, byte[]? Value);
