using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Objects.Journal;

/// <summary>The entries of a map as the system call sees them.</summary>
public static class MapContents
{
    /// <summary>
    /// Entries that differ from those of a new map: all of a hash, the non-zero ones of an array. Maps whose entries cannot be read (ring
    /// buffers, perf events) have none. The walk may miss or repeat what changes meanwhile.
    /// </summary>
    public static IEnumerable<(byte[] Key, byte[] Value)> All(BpfMap map)
    {
        if (map.KeySize == 0)
            yield break;
        bool indexed = MapRegistry.Traits(map.Type) is { Indexed: true };
        byte[] key = new byte[map.KeySize];
        byte[] value = new byte[map.UserValueSize];
        byte[]? before = null;
        while (map.GetNextKey(before, key) == 0)
        {
            if (map.LookupElem(key, value, 0) == 0 && !(indexed && value.AsSpan().IndexOfAnyExcept((byte)0) < 0))
                yield return ([.. key], [.. value]);
            before = key;
            key = new byte[map.KeySize];
        }
    }
}
