using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// Writers of maps that are under way (map->writecnt): a map can be frozen only while there are none, and none begins on a
/// frozen map.
/// </summary>
internal static class MapWriteGate
{
    /// <summary>Counts a writer until the scope ends. The caller asks <see cref="BpfMap.Frozen"/> inside it.</summary>
    public static Scope Enter(BpfMap map)
    {
        Interlocked.Increment(ref map.Writers);
        return new Scope(map);
    }

    /// <summary>Freezes a map without writers; false (EBUSY) where there are some, or where it is frozen already.</summary>
    public static bool TryFreeze(BpfMap map)
    {
        // An idle map is claimed by a number of writers that no caller can reach.
        if (map.Frozen || Interlocked.CompareExchange(ref map.Writers, int.MinValue, 0) != 0)
            return false;
        map.Frozen = true;
        Interlocked.Add(ref map.Writers, int.MinValue);
        return true;
    }

    internal readonly struct Scope(BpfMap map) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref map.Writers);
    }
}
