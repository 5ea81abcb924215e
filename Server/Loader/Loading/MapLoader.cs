using System.Buffers.Binary;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Objects;

namespace WebBpf.Loader.Loading;

/// <summary>Creates an object's maps, sets the data of its sections, and fills elements that refer to programs or other maps.</summary>
internal sealed class MapLoader(CallRunner calls, LoadOptions options, int btfFd)
{
    /// <summary>Creates one map, or opens the pinned one of that name where the definition asks for it.</summary>
    public LoadedMap Create(MapSpec map)
    {
        string path = $"{options.PinRoot.TrimEnd('/')}/{map.Name}";
        int fd = -1;
        if (map.PinByName)
        {
            long found = calls.Run(calls.NewAttr(BpfCommand.ObjGet).SetText("pathname", path));
            if (found < 0 && found != -Errno.ENOENT)
                throw new LoadException($"opening {path} for map {map.Name}", found);
            fd = (int)found;
        }

        bool reused = fd >= 0;
        if (!reused)
            fd = CreateNew(map);
        try
        {
            if (map.IsDataSection && !reused)
                SetData(map, fd);
            if (map.PinByName && !reused)
                calls.Require($"pinning map {map.Name} at {path}", calls.NewAttr(BpfCommand.ObjPin).SetText("pathname", path).Set("bpf_fd", (uint)fd));
            return new LoadedMap(map.Name, calls.IdOf(fd), fd, map);
        }
        catch
        {
            calls.Close(fd);
            throw;
        }
    }

    /// <summary>Sets the elements that the object's source initialises with programs or maps.</summary>
    public void Fill(LoadedMap map, Func<string, int?> fdOf)
    {
        Span<byte> key = stackalloc byte[4];
        Span<byte> value = stackalloc byte[4];
        foreach (MapSlot slot in map.Spec.Slots)
        {
            // A program that was rejected or not chosen leaves its slot empty.
            if (fdOf(slot.Target) is not int fd)
                continue;
            BinaryPrimitives.WriteUInt32LittleEndian(key, slot.Index);
            BinaryPrimitives.WriteInt32LittleEndian(value, fd);
            Update($"setting element {slot.Index} of {map.Name} to {slot.Target}", map.Fd, key, value);
        }
    }

    private int CreateNew(MapSpec map)
    {
        int inner = -1;
        try
        {
            if (map.Inner is not null)
                inner = CreateNew(map.Inner with { Name = "" });
            AttrBuilder attr = calls.NewAttr(BpfCommand.MapCreate)
                .Set("map_type", (uint)map.Type)
                .Set("key_size", map.KeySize)
                .Set("value_size", map.ValueSize)
                .Set("max_entries", MaxEntries(map))
                .Set("map_flags", map.Flags)
                .Set("map_extra", map.MapExtra)
                .Set("numa_node", map.NumaNode)
                .SetName("map_name", map.Name);
            if (inner >= 0)
                attr.Set("inner_map_fd", (uint)inner);
            if (btfFd >= 0 && map.BtfValueTypeId != 0)
                attr.Set("btf_fd", (uint)btfFd).Set("btf_key_type_id", map.BtfKeyTypeId).Set("btf_value_type_id", map.BtfValueTypeId);
            long fd = calls.Run(attr);
            // Maps of pointers, programs and events take no BTF: as libbpf, once more without.
            if (fd is -Errno.EINVAL or -Errno.ENOTSUPP && btfFd >= 0 && map.BtfValueTypeId != 0)
                fd = calls.Run(attr.Set("btf_fd", 0).Set("btf_key_type_id", 0).Set("btf_value_type_id", 0));
            return fd >= 0 ? (int)fd : throw calls.Failure($"creating map {map.Name} ({UapiName.Of(map.Type)})", fd);
        }
        finally
        {
            if (inner >= 0)
                calls.Close(inner);
        }
    }

    /// <summary>Maps of programs, events and the like that say nothing get one element per possible CPU or at least one, as libbpf does for perf_event_array.</summary>
    private uint MaxEntries(MapSpec map) =>
        map.MaxEntries == 0 && map.Type == BpfMapType.PerfEventArray ? (uint)Math.Max(1, calls.Cpus) : map.MaxEntries;

    private void SetData(MapSpec map, int fd)
    {
        Update($"setting the data of {map.Name}", fd, new byte[4], map.Data);
        if (map.ReadOnly)
            calls.Require($"freezing {map.Name}", calls.NewAttr(BpfCommand.MapFreeze).Set("map_fd", (uint)fd));
    }

    private void Update(string what, int fd, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        calls.Require(what, calls.NewAttr(BpfCommand.MapUpdateElem)
            .Set("map_fd", (uint)fd)
            .SetBytes("key", key)
            .SetBytes("value", value));
}
