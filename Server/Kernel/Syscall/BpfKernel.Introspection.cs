using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Syscall.Introspection;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

public sealed partial class BpfKernel : IBpfIntrospection
{
    public BpfProgram? FindProgram(uint id) => Programs.Find(id);

    public BpfMap? FindMap(uint id) => Maps.Find(id);

    public BtfObject? FindBtf(uint id) => Btfs.Find(id);

    public IReadOnlyList<BpfProgram> ListPrograms() => Programs.Snapshot();

    public IReadOnlyList<BpfMap> ListMaps() => Maps.Snapshot();

    public IReadOnlyList<BtfObject> ListBtf() => Btfs.Snapshot();

    public IReadOnlyList<Holder> HoldersOf(KernelObject one, IEnumerable<BpfTask> tasks)
    {
        var holders = new List<Holder>();
        foreach (BpfTask task in tasks)
        {
            foreach ((int fd, KernelObject file) in task.Fds.Snapshot())
            {
                if (file == one)
                    holders.Add(new Holder("fd", (uint)fd, task.Comm, task.Pid));
            }
        }

        DurableKind kind = one.Kind switch { ObjectKind.Prog => DurableKind.Prog, ObjectKind.Map => DurableKind.Map, _ => DurableKind.Link };
        holders.AddRange(Fs.All().Where(n => n.Kind == kind && n.ObjectId == one.Id).Select(n => new Holder("pin", 0, n.Path)));
        foreach (BpfProgram program in Programs.Snapshot())
        {
            if (program.Verified.UsedMaps.Contains(one) || program.Btf == one)
                holders.Add(new Holder("prog", program.Id, program.Name));
            program.Put();
        }

        foreach (BpfMap map in Maps.Snapshot())
        {
            if (map.Definition.Btf == one || map.Definition.InnerMap == one || HoldsAsValue(map, one))
                holders.Add(new Holder("map", map.Id, map.Definition.Name));
            map.Put();
        }

        return holders;
    }

    public MapPage Entries(BpfMap map, ReadOnlySpan<byte> after, int limit)
    {
        var entries = new List<MapEntry>();
        byte[]? before = after.IsEmpty ? null : after.ToArray();
        byte[] key = new byte[map.KeySize];
        byte[] value = new byte[map.UserValueSize];
        while (entries.Count < limit)
        {
            if (map.KeySize == 0 || map.GetNextKey(before, key) != 0)
                return new MapPage(entries, null);
            if (map.LookupElem(key, value, 0) == 0)
                entries.Add(new MapEntry([.. key], [.. value]));
            before = [.. key];
        }

        return new MapPage(entries, map.GetNextKey(before, key) == 0 ? before : null);
    }

    public long WriteEntry(BpfMap map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, in BpfCall call)
    {
        if (key.Length != map.KeySize || value.Length != map.UserValueSize)
            return -Errno.EINVAL;
        using MapWriteGate.Scope writing = MapWriteGate.Enter(map);
        if (map.Frozen)
            return -Errno.EPERM;
        int error;
        if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
        {
            lock (Durability.Gate)
                error = map.UpdateElem(key, value, flags, new MapCaller(call.Task, new Commands.TaskFds(call.Task.Fds)));
        }
        else
        {
            error = map.UpdateElem(key, value, flags, new MapCaller(call.Task));
        }

        return Durability.Acknowledge(error, call);
    }

    public long DeleteEntry(BpfMap map, ReadOnlySpan<byte> key, in BpfCall call)
    {
        if (key.Length != map.KeySize)
            return -Errno.EINVAL;
        using MapWriteGate.Scope writing = MapWriteGate.Enter(map);
        if (map.Frozen)
            return -Errno.EPERM;
        int error;
        if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
        {
            lock (Durability.Gate)
                error = map.DeleteElem(key, new MapCaller(call.Task));
        }
        else
        {
            error = map.DeleteElem(key, new MapCaller(call.Task));
        }

        return Durability.Acknowledge(error, call);
    }

    public long MakeDirectory(string path, in BpfCall call) => Durability.Acknowledge(Fs.MakeDirectory(path, call.Task), call);

    public long Rename(string path, string target, in BpfCall call) => Durability.Acknowledge(Fs.Rename(path, target, call.Task), call);

    public long Unlink(string path, in BpfCall call) => Durability.Acknowledge(Fs.Remove(path, call.Task), call);

    public long Pin(string path, KernelObject one, in BpfCall call) => Durability.Acknowledge(Fs.Pin(null, path, one, call.Task), call);

    public Task FlushProgramWrites() => Durability.Flush();

    public KernelRestore BeginRestore() => new(this);

    private static bool HoldsAsValue(BpfMap map, KernelObject one)
    {
        bool fits = MapRegistry.Traits(map.Type) is { HoldsFds: true }
            && one.Kind == (map.Type == BpfMapType.ProgArray ? ObjectKind.Prog : ObjectKind.Map);
        return fits && MapContents.All(map).Any(e => BitConverter.ToUInt32(e.Value) == one.Id);
    }
}
