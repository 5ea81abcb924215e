using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Objects;

/// <summary>
/// What pins reach, and the journal of its changes. Every pin reaches its object; a program reaches its maps and its BTF, a map its BTF,
/// its template and the objects among its values. Reach is counted per object: the first makes it durable (its image and contents go to the
/// journal), the last end makes it forgotten. Entries of one map are appended under the map's gate, everything else under this
/// class's lock, which is always taken before a gate.
/// </summary>
public sealed class Durability : IMapJournal, IDisposable
{
    private readonly IDurableJournal? _journal;
    private readonly Lock _lock = new();
    private readonly Dictionary<KernelObject, Reach> _reached = [];
    private readonly ThreadLocal<Task?> _last = new();
    private bool _restoring;

    internal Durability(IDurableJournal? journal) => _journal = journal;

    /// <summary>Taken around a system call's write to a map of fds: what its values reach may change.</summary>
    internal Lock Gate => _lock;

    /// <summary>Ids of what is durable now.</summary>
    public IReadOnlyList<(ObjectKind Kind, uint Id)> Reached()
    {
        lock (_lock)
            return [.. _reached.Keys.Select(o => (o.Kind, o.Id))];
    }

    /// <summary>
    /// Appends what programs wrote to durable maps since the last call, with the values of now. The task ends when it is on disk. Because values are
    /// read and appended under the gate that also orders the system call's writes, a flush never undoes one of those.
    /// </summary>
    public Task Flush()
    {
        if (_journal is null)
            return Task.CompletedTask;
        BpfMap[] maps;
        lock (_lock)
            maps = [.. _reached.Keys.OfType<BpfMap>().Where(m => m.TryGet())];
        Task last = Task.CompletedTask;
        foreach (BpfMap map in maps)
        {
            if (map.Tracking is { IsDurable: true } tracking)
            {
                lock (tracking.Gate)
                {
                    foreach (DirtyElement dirty in tracking.TakeDirty())
                        last = _journal.Append(dirty.Value is null ? new MapElementDeleted(map.Id, dirty.Key) : new MapElementWritten(map.Id, dirty.Key, dirty.Value));
                }
            }

            map.Put();
        }

        return last;
    }

    public void Dispose() => _last.Dispose();

    void IMapJournal.Updated(BpfMap map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        byte[] stored = value.ToArray();
        if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
        {
            // The caller wrote a descriptor; what counts is the object, whose id a look-up gives.
            if (map.LookupElem(key, stored, 0) != 0)
                return;
            ReachValue(map, key.ToArray(), BitConverter.ToUInt32(stored));
        }

        Append(new MapElementWritten(map.Id, key.ToArray(), stored));
    }

    void IMapJournal.Deleted(BpfMap map, ReadOnlySpan<byte> key)
    {
        Append(new MapElementDeleted(map.Id, key.ToArray()));
        if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
            ReachValue(map, key.ToArray(), 0);
    }

    /// <summary>What a map of fds holds under an id; set by the kernel, which knows the tables. With a reference for the caller.</summary>
    internal Func<BpfMap, uint, KernelObject?> Resolve { get; set; } = (_, _) => null;

    /// <summary>
    /// The end of a call: waits for what it appended, or leaves that to the receipt's owner. Gives the result back, or EIO where the journal could not be written.
    /// </summary>
    internal long Acknowledge(long result, in BpfCall call)
    {
        if (_journal is null || _last.Value is not { } task)
            return result;
        _last.Value = null;
        if (call.Receipt is { } receipt)
        {
            receipt.Durable = task;
            return result;
        }

        return Wait(task) ? result : -Errno.EIO;
    }

    /// <summary>BPF_MAP_FREEZE of a map; 0.</summary>
    internal int Frozen(BpfMap map)
    {
        lock (_lock)
        {
            if (_reached.ContainsKey(map))
                Append(new MapFrozen(map.Id));
            return 0;
        }
    }

    internal void Pinned(BpffsNodeImage node, KernelObject pinned)
    {
        lock (_lock)
        {
            Hold(pinned);
            Append(new NodeSaved(node));
        }
    }

    internal void Unpinned(string path, KernelObject? pinned)
    {
        lock (_lock)
        {
            Append(new NodeRemoved(path));
            if (pinned is not null)
                Drop(pinned);
        }
    }

    internal void NodeSaved(BpffsNodeImage node) => Append(new NodeSaved(node));

    internal void NodeRenamed(string from, string to) => Append(new NodeRenamed(from, to));

    /// <summary>A restored pin reaches the object: nothing is written.</summary>
    internal void Reached(KernelObject pinned)
    {
        lock (_lock)
        {
            _restoring = true;
            Hold(pinned);
            _restoring = false;
        }
    }

    private static bool Wait(Task task)
    {
        try
        {
            task.GetAwaiter().GetResult();
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Append(DurableChange change)
    {
        if (_journal is null || _restoring)
            return;
        _last.Value = _journal.Append(change);
    }

    // No recursion: maps of maps of programs of maps are as deep as somebody makes them.
    private void Hold(KernelObject top)
    {
        if (_journal is null)
            return;
        var open = new Stack<(KernelObject Object, bool Save)>();
        open.Push((top, false));
        while (open.TryPop(out (KernelObject Object, bool Save) at))
        {
            if (at.Save)
            {
                Save(at.Object);
                continue;
            }

            if (_reached.TryGetValue(at.Object, out Reach? known))
            {
                known.Count++;
                continue;
            }

            var reach = new Reach();
            _reached.Add(at.Object, reach);
            Collect(at.Object, reach);

            // What it reaches is written before it.
            open.Push((at.Object, true));
            foreach (KernelObject next in reach.All)
                open.Push((next, false));
        }
    }

    private void Drop(KernelObject top)
    {
        if (_journal is null)
            return;
        var open = new Stack<KernelObject>();
        open.Push(top);
        while (open.TryPop(out KernelObject? one))
        {
            if (!_reached.TryGetValue(one, out Reach? reach) || --reach.Count > 0)
                continue;
            _reached.Remove(one);
            (one as BpfMap)?.ReleaseDurable();
            Append(new ObjectForgotten(KindOf(one), one.Id));
            foreach (KernelObject next in reach.All)
                open.Push(next);
        }
    }

    private void Collect(KernelObject one, Reach reach)
    {
        if (one is BpfProgram program)
        {
            reach.Fixed.AddRange(program.Verified.UsedMaps);
            if (program.Btf is { } btf)
                reach.Fixed.Add(btf);
        }
        else if (one is BpfMap map)
        {
            if (map.Definition.Btf is { } btf)
                reach.Fixed.Add(btf);
            if (map.Definition.InnerMap is { } inner)
                reach.Fixed.Add(inner);
            if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
            {
                foreach ((byte[] key, byte[] value) in MapContents.All(map))
                {
                    if (ResolveOnce(map, BitConverter.ToUInt32(value)) is { } held)
                        reach.Values[key] = held;
                }
            }
        }
    }

    private KernelObject? ResolveOnce(BpfMap map, uint id)
    {
        // The map's value holds the object; the reference of the look-up is not needed further.
        KernelObject? found = Resolve(map, id);
        found?.Put();
        return found;
    }

    private void Save(KernelObject one)
    {
        switch (one)
        {
            case Btf.BtfObject btf:
                Append(new BtfSaved(new BtfImage(btf.Id, btf.Raw) { Name = btf.Name }));
                break;
            case BpfProgram program:
                Append(new ProgramSaved(ObjectImages.Of(program)));
                break;
            case BpfMap map:
                map.HoldDurable(this);
                lock (map.Tracking!.Gate)
                {
                    Append(new MapSaved(ObjectImages.Of(map)));
                    if (_journal is null || _restoring)
                        break;
                    map.Tracking.TakeDirty();
                    foreach ((byte[] key, byte[] value) in MapContents.All(map))
                        Append(new MapElementWritten(map.Id, key, value));
                }

                break;
        }
    }

    private void ReachValue(BpfMap map, byte[] key, uint id)
    {
        if (!_reached.TryGetValue(map, out Reach? reach))
            return;
        if (ResolveOnce(map, id) is { } held)
        {
            Hold(held);
            if (reach.Values.Remove(key, out KernelObject? before))
                Drop(before);
            reach.Values[key] = held;
        }
        else if (reach.Values.Remove(key, out KernelObject? before))
        {
            Drop(before);
        }
    }

    private static DurableKind KindOf(KernelObject one) => one.Kind switch
    {
        ObjectKind.Prog => DurableKind.Prog,
        ObjectKind.Map => DurableKind.Map,
        ObjectKind.Btf => DurableKind.Btf,
        _ => DurableKind.Link,
    };

    /// <summary>How often an object is reached, and what it reaches itself.</summary>
    private sealed class Reach
    {
        public int Count { get; set; } = 1;

        public List<KernelObject> Fixed { get; } = [];

        public Dictionary<byte[], KernelObject> Values { get; } = new(ByteKeyComparer.Instance);

        public IEnumerable<KernelObject> All => Fixed.Concat(Values.Values);
    }
}
