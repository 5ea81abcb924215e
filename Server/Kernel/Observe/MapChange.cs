namespace WebBpf.Kernel.Observe;

/// <summary>What happened to an element.</summary>
public enum MapOperation
{
    /// <summary>A map_update_elem of a program or of the system call.</summary>
    Update,

    Delete,

    /// <summary>A store of a program through a pointer into the value.</summary>
    Store,

    /// <summary>An LRU map gave the element up for another.</summary>
    Evict,
}

/// <summary>Who changed an element.</summary>
/// <param name="Kind">"program", "task" or "kernel".</param>
/// <param name="Id">Program id, or pid.</param>
/// <param name="Name">Program name, or comm.</param>
public readonly record struct MapWriter(string Kind, uint Id, string Name);

/// <summary>One change of a watched map. Values are in the form of the system call, except those of a program's per-CPU writes, which are one CPU's copy.</summary>
/// <param name="Seq">Rises by one with each change of the map, so that a reader sees where changes were dropped.</param>
/// <param name="Old">Null where the key was not there.</param>
/// <param name="New">Null where the key is gone.</param>
public sealed record MapChange(ulong Seq, DateTimeOffset At, MapOperation Op, byte[] Key, byte[]? Old, byte[]? New, MapWriter By);
