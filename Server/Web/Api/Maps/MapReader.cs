using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Maps;

/// <summary>A map's bpf_map_info as the wire has it.</summary>
public static class MapReader
{
    /// <summary>Null where the map went away meanwhile.</summary>
    /// <exception cref="ApiException">403 where the caller may not.</exception>
    public static MapInfo? TryRead(Desk desk, uint id, PinPaths pins)
    {
        long fd = desk.Port.FdById(BpfCommand.MapGetFdById, id);
        if (fd == -Errno.ENOENT)
            return null;
        CallStatus.Check(fd, $"map {id}");
        MapInfo info = Read(desk, (int)fd, pins);
        desk.Close((int)fd);
        return info;
    }

    public static MapInfo Read(Desk desk, int fd, PinPaths pins)
    {
        Span<byte> bytes = stackalloc byte[InfoTable.MapSize];
        bytes.Clear();
        Span<byte> filled = bytes;
        CallStatus.Check(desk.Port.Info(fd, ref filled), "map");
        var info = new InfoStruct(ObjectKind.Map, bytes);
        uint id = info.U32("id");
        BpfMap? map = desk.Object<BpfMap>(fd);
        try
        {
            return new MapInfo(
                id,
                UapiName.Of((BpfMapType)info.U32("type")),
                info.Text("name"),
                info.U32("map_flags"),
                info.U32("key_size"),
                info.U32("value_size"),
                info.U32("max_entries"),
                map?.MemoryUsage,
                map?.Frozen,
                info.U64("map_extra"),
                NullIfZero(info.U32("btf_id")),
                NullIfZero(info.U32("btf_key_type_id")),
                NullIfZero(info.U32("btf_value_type_id")),
                pins.Of(ObjectKind.Map, id));
        }
        finally
        {
            map?.Put();
        }
    }

    private static uint? NullIfZero(uint value) => value == 0 ? null : value;
}
