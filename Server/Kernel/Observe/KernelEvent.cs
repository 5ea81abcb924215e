using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Observe;

/// <summary>Something happened to an object: "prog_load", "prog_free", "map_create", "map_free", "map_freeze", "btf_load", "pin", "unpin", "rename", "mkdir".</summary>
/// <param name="Seq">Rises by one with each event of a kernel.</param>
/// <param name="At">When.</param>
/// <param name="Type">What.</param>
/// <param name="Kind">The kind of object it is about.</param>
/// <param name="Id">Its id, 0 where it has none.</param>
/// <param name="Name">Its name.</param>
public sealed record KernelEvent(ulong Seq, DateTimeOffset At, string Type, ObjectKind Kind, uint Id, string Name)
{
    /// <summary>Who did it; 0 where nobody did (an object that died).</summary>
    public uint Pid { get; init; }

    public string Comm { get; init; } = "";

    /// <summary>The file concerned, for pins.</summary>
    public string? Path { get; init; }
}

/// <summary>The events of one kernel. Listeners are called on the thread that caused the event: they queue and return.</summary>
public sealed class KernelEvents
{
    private long _seq;

    public event Action<KernelEvent>? Raised;

    /// <summary>Events so far.</summary>
    public ulong LastSeq => (ulong)Interlocked.Read(ref _seq);

    internal void Map(string type, BpfMap map, BpfTask? task) => Raise(type, ObjectKind.Map, map.Id, map.Definition.Name, task);

    internal void MapFreed(KernelObject map) => Raise("map_free", ObjectKind.Map, map.Id, ((BpfMap)map).Definition.Name, null);

    internal void Raise(string type, ObjectKind kind, uint id, string name, BpfTask? task, string? path = null)
    {
        ulong seq = (ulong)Interlocked.Increment(ref _seq);
        Raised?.Invoke(new KernelEvent(seq, DateTimeOffset.UtcNow, type, kind, id, name) { Pid = task?.Pid ?? 0, Comm = task?.Comm ?? "", Path = path });
    }
}
