using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Programs;

/// <summary>A program's bpf_prog_info as the wire has it.</summary>
public static class ProgramReader
{
    /// <summary>Null where the program went away meanwhile.</summary>
    /// <exception cref="ApiException">403 where the caller may not.</exception>
    public static ProgramInfo? TryRead(Desk desk, uint id, PinPaths pins)
    {
        long fd = desk.Port.FdById(BpfCommand.ProgGetFdById, id);
        if (fd == -Errno.ENOENT)
            return null;
        CallStatus.Check(fd, $"program {id}");
        ProgramInfo info = Read(desk, (int)fd, pins);
        desk.Close((int)fd);
        return info;
    }

    public static ProgramInfo Read(Desk desk, int fd, PinPaths pins)
    {
        Span<byte> bytes = stackalloc byte[InfoTable.ProgSize];
        bytes.Clear();
        Span<byte> filled = bytes;
        CallStatus.Check(desk.Port.Info(fd, ref filled), "program");
        var info = new InfoStruct(ObjectKind.Prog, bytes);
        uint id = info.U32("id");
        BpfProgram? program = desk.Object<BpfProgram>(fd);
        try
        {
            return new ProgramInfo(
                id,
                UapiName.Of((BpfProgType)info.U32("type")),
                info.Text("name"),
                info.Hex("tag"),
                (info.U32("gpl_compatible") & 1) != 0,
                info.U64("run_time_ns"),
                info.U64("run_cnt"),
                info.U64("recursion_misses"),
                program?.LoadedAt ?? BootTime.At(info.U64("load_time")),
                info.U32("created_by_uid"),
                false,
                info.U32("xlated_prog_len"),
                info.U32("jited_prog_len") > 0,
                info.U32("jited_prog_len"),
                info.U32("verified_insns"),
                MapIds(desk, fd, info.U32("nr_map_ids")),
                info.U32("btf_id") is > 0 and uint btf ? btf : null,
                pins.Of(ObjectKind.Prog, id),
                program?.Verified.Gaps is { Count: > 0 } gaps ? gaps : null);
        }
        finally
        {
            program?.Put();
        }
    }

    private static uint[] MapIds(Desk desk, int fd, uint count)
    {
        if (count == 0)
            return [];
        return desk.Port.InfoArray(fd, ObjectKind.Prog, "map_ids", "nr_map_ids", Math.Min(count, 4096));
    }
}
