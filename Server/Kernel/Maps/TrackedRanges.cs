namespace WebBpf.Kernel.Maps;

/// <summary>Values of tracked maps by address: the table that leads from a store to its map. Replaced as a whole when it changes.</summary>
public sealed partial class MapContext
{
    private readonly HashSet<BpfMap> _tracked = [];
    private volatile TrackedRange[] _ranges = [];

    /// <summary>The tracked map in one of whose values an address lies; null where there is none.</summary>
    public BpfMap? FindTracked(ulong address)
    {
        // The address may be any that a program holds; what it means is its place in the region.
        uint at = (uint)address;
        TrackedRange[] ranges = _ranges;
        int low = 0, high = ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (at < ranges[middle].Start)
                high = middle - 1;
            else if (at > ranges[middle].Last)
                low = middle + 1;
            else
                return ranges[middle].Map;
        }

        return null;
    }

    internal void SetTracked(BpfMap map, bool tracked)
    {
        lock (_tracked)
        {
            if (tracked)
                _tracked.Add(map);
            else
                _tracked.Remove(map);
            Rebuild();
        }
    }

    /// <summary>A map that grew tells so: its values lie in further places.</summary>
    internal void ValuesMoved(BpfMap map)
    {
        lock (_tracked)
        {
            if (_tracked.Contains(map))
                Rebuild();
        }
    }

    private void Rebuild() => _ranges =
    [
        .. _tracked.SelectMany(m => m.ValueRanges.Select(r => new TrackedRange((uint)r.Start, (uint)(r.End - 1), m))).OrderBy(r => r.Start),
    ];

    private readonly record struct TrackedRange(uint Start, uint Last, BpfMap Map);
}
