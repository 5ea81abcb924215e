using System.Buffers.Binary;
using System.Text;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>Pins, ids, infos, BTF loads and the early checks of program loads, rightly and wrongly, on both kernels.</summary>
public sealed class ObjectCommandTests(BackendPair kernels) : IClassFixture<BackendPair>
{
    private const ulong Bad = 0x10;

    [Fact]
    public void Pins_are_made_opened_and_refused_alike()
    {
        const string directory = "/sys/fs/bpf/webbpf";
        PrivateBpffs.Run(() => kernels.Same(side =>
        {
            MakeDirectory(side, directory);
            MakeDirectory(side, directory + "/inner");
            Map(side);
            foreach (string path in new[]
            {
                    $"{directory}/a", $"{directory}/a", $"{directory}/none/b", $"{directory}/a/b", $"{directory}/with.dot", $"{directory}/", $"{directory}/inner", $"{directory}/inner/",
                    $"{directory}/slash/", "", "/", "/sys", "/sys/new", "/sys/fs/bpf", $"{directory}/./b", $"{directory}/inner/../c", $"{directory}//d", $"{directory}/{new string('x', 255)}",
                    $"{directory}/{new string('x', 256)}", "/" + new string('y', 4094), "/" + new string('y', 4095), "/" + new string('y', 5000),
            })
            {
                side.Note("pin " + path);
                side.Call(BpfCommand.ObjPin, ("pathname", side.Memory.Copy(path)), ("bpf_fd", 3));
                side.Note("get " + path);
                long fd = side.Call(BpfCommand.ObjGet, ("pathname", side.Memory.Copy(path)));
                if (fd >= 0)
                    side.Task.Fds.Close((int)fd);
            }

            ulong good = side.Memory.Copy($"{directory}/a");
            foreach (ulong fd in new ulong[] { 0, 1, 99, uint.MaxValue })
                side.Call(BpfCommand.ObjPin, ("pathname", good), ("bpf_fd", fd));
            side.Call(BpfCommand.ObjPin, ("bpf_fd", 3));
            side.Call(BpfCommand.ObjPin, ("pathname", Bad), ("bpf_fd", 3));
            side.Call(BpfCommand.ObjPin, ("pathname", good), ("bpf_fd", 3), ("file_flags", 8));
            side.Call(BpfCommand.ObjPin, ("pathname", good), ("bpf_fd", 3), ("path_fd", 5));
            side.Call(BpfCommand.ObjPin, ("pathname", side.Memory.Copy("relative")), ("bpf_fd", 3), ("file_flags", 1 << 14), ("path_fd", 99));
            side.Call(BpfCommand.ObjPin, ("pathname", side.Memory.Copy("relative")), ("bpf_fd", 3), ("file_flags", 1 << 14), ("path_fd", 3));
            side.Call(BpfCommand.ObjGet);
            side.Call(BpfCommand.ObjGet, ("pathname", Bad));
            side.Call(BpfCommand.ObjGet, ("pathname", good), ("bpf_fd", 3));
            foreach (ulong flags in new ulong[] { 8, 16, 24, 1, 1 << 14, 1 << 20 })
                side.Call(BpfCommand.ObjGet, ("pathname", good), ("file_flags", flags));

            // What was opened for reading only does not write, and the other way round.
            ulong key = side.Memory.Copy([0, 0, 0, 0]);
            for (ulong fd = 4; fd < 6; fd++)
            {
                side.Call(BpfCommand.MapLookupElem, ("map_fd", fd), ("key", key), ("value", key));
                side.Call(BpfCommand.MapUpdateElem, ("map_fd", fd), ("key", key), ("value", key));
                side.Call(BpfCommand.MapGetNextKey, ("map_fd", fd), ("next_key", key));
                side.Call(BpfCommand.MapFreeze, ("map_fd", fd));
            }
        }));
    }

    [Fact]
    public void Ids_are_walked_and_opened_alike() => kernels.Same(side =>
    {
        Map(side);
        foreach (BpfCommand next in new[] { BpfCommand.ProgGetNextId, BpfCommand.MapGetNextId, BpfCommand.BtfGetNextId, BpfCommand.LinkGetNextId })
        {
            foreach (ulong start in new ulong[] { int.MaxValue - 1, int.MaxValue, uint.MaxValue })
                side.Call(next, ("start_id", start));
        }

        uint id = side.Task.Fds.Snapshot()[0].Value.Id;
        foreach (ulong flags in new ulong[] { 0, 8, 16, 24, 1 })
            side.Call(BpfCommand.MapGetFdById, ("map_id", id), ("open_flags", flags));
        side.Call(BpfCommand.MapGetFdById);
        side.Call(BpfCommand.MapGetFdById, ("map_id", int.MaxValue));
        side.Call(BpfCommand.ProgGetFdById, ("prog_id", int.MaxValue));
        side.Call(BpfCommand.BtfGetFdById, ("btf_id", int.MaxValue));
        side.Call(BpfCommand.BtfGetFdById, ("btf_id", 1));
        side.Call(BpfCommand.BtfGetFdById, ("btf_id", 1), ("open_flags", 8));
        side.Call(BpfCommand.LinkGetFdById, ("link_id", int.MaxValue));
        side.Call(BpfCommand.EnableStats, ("type", 1));
        side.Call(BpfCommand.EnableStats);
    });

    [Fact]
    public void The_info_of_a_map_has_the_kernels_fields_and_length_rules() => kernels.Same(side =>
    {
        var attr = new CallAttr(BpfCommand.MapCreate) { ["map_type"] = 1, ["key_size"] = 6, ["value_size"] = 10, ["max_entries"] = 33, ["map_flags"] = 1 };
        "a_map.x"u8.CopyTo(attr.Bytes.AsSpan(28));
        side.Call(attr);
        foreach (uint length in new uint[] { 0, 1, 4, 24, 40, 96, 104, 105, 112, 200, 4096, 4097 })
        {
            UserBuffer info = side.Memory.Allocate(4200);
            side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info", info.Address), ("info_len", length));
            info.Span.Slice(4, 4).Clear();
            side.Note("info", info.Span[..128]);
        }

        UserBuffer tail = side.Memory.Allocate(200);
        tail.Span[150] = 1;
        side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info", tail.Address), ("info_len", 200));
        side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info", Bad), ("info_len", 104));
        side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info", Bad), ("info_len", 200));
        side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info_len", 104));
    });

    [Fact]
    public void The_hash_of_an_array_is_told_once_it_is_frozen() => kernels.Same(side =>
    {
        side.Call(new CallAttr(BpfCommand.MapCreate) { ["map_type"] = 2, ["key_size"] = 4, ["value_size"] = 5, ["max_entries"] = 3 });
        side.Call(BpfCommand.MapUpdateElem, ("map_fd", 3), ("key", side.Memory.Copy([1, 0, 0, 0])), ("value", side.Memory.Copy([1, 2, 3, 4, 5])));
        UserBuffer hash = side.Memory.Allocate(32);
        Ask(32, hash.Address);
        side.Call(BpfCommand.MapFreeze, ("map_fd", 3));
        Ask(31, hash.Address);
        Ask(32, 0);
        Ask(32, Bad);
        Ask(32, hash.Address);
        side.Note("hash", hash.Span);

        void Ask(uint size, ulong address)
        {
            UserBuffer info = side.Memory.Allocate(InfoTable.MapSize);
            BinaryPrimitives.WriteUInt64LittleEndian(info.Span[88..], address);
            BinaryPrimitives.WriteUInt32LittleEndian(info.Span[96..], size);
            side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info", info.Address), ("info_len", InfoTable.MapSize));
        }
    });

    [Fact]
    public void Btf_is_loaded_refused_and_described_alike() => kernels.Same(side =>
    {
        byte[] good = Btf();
        byte[] wrong = [.. good];
        wrong[0] ^= 1;
        foreach (byte[] raw in new[] { good, wrong, good[..20], [] })
        {
            foreach ((uint level, uint size) in new (uint, uint)[] { (0, 0), (1, 4096), (1, 40), (1, 1), (9, 40), (1, 0), (0, 4096), (16, 4096), (2, uint.MaxValue) })
            {
                UserBuffer log = side.Memory.Allocate(4096);
                long fd = side.Call(
                    BpfCommand.BtfLoad, ("btf", side.Memory.Copy(raw)), ("btf_size", (ulong)raw.Length), ("btf_log_level", level), ("btf_log_size", size), ("btf_log_buf", size == 0 ? 0 : log.Address));
                side.Note(Encoding.ASCII.GetString(log.Span).TrimEnd('\0'));
                if (fd >= 0)
                    side.Task.Fds.Close((int)fd);
            }
        }

        side.Call(BpfCommand.BtfLoad, ("btf", Bad), ("btf_size", 100));
        side.Call(BpfCommand.BtfLoad, ("btf", Bad), ("btf_size", (16 << 20) + 1));
        side.Call(BpfCommand.BtfLoad, ("btf", side.Memory.Copy(good)), ("btf_size", (ulong)good.Length), ("btf_flags", 1));
        side.Call(BpfCommand.BtfLoad, ("btf", side.Memory.Copy(good)), ("btf_size", (ulong)good.Length));
        foreach ((uint room, bool name) in new (uint, bool)[] { (0, false), (10, false), (4096, true) })
        {
            UserBuffer info = side.Memory.Allocate(32);
            UserBuffer raw = side.Memory.Allocate(4096);
            BinaryPrimitives.WriteUInt64LittleEndian(info.Span, raw.Address);
            BinaryPrimitives.WriteUInt32LittleEndian(info.Span[8..], room);
            BinaryPrimitives.WriteUInt32LittleEndian(info.Span[24..], name ? 8u : 0);
            side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 3), ("info", info.Address), ("info_len", 32));
            side.Note("btf", raw.Span[..128]);
            side.Note("size", info.Span.Slice(8, 4));
        }
    });

    [Fact]
    public void Program_loads_check_their_arguments_in_the_kernels_order() => kernels.Same(side =>
    {
        foreach ((string field, ulong value) in new (string, ulong)[]
        {
            ("prog_type", 0), ("prog_type", 33), ("prog_type", 999), ("insn_cnt", 0), ("insn_cnt", 1_000_001), ("insns", 0), ("insns", Bad), ("license", 0), ("license", Bad),
            ("prog_flags", 1u << 30), ("log_level", 16), ("log_size", 100), ("log_buf", Bad), ("attach_prog_fd", 99), ("attach_prog_fd", 3), ("attach_btf_id", 5),
            ("attach_btf_id", 0x100001), ("prog_btf_fd", 99), ("func_info_cnt", 1), ("line_info_cnt", 1), ("fd_array_cnt", 1), ("core_relo_cnt", 1),
        })
        {
            side.Note($"{field} = {value}");
            CallAttr attr = Program(side);
            attr[field] = value;
            if (field is "func_info_cnt" or "line_info_cnt" or "core_relo_cnt" or "prog_btf_fd" && value == 99 && side.Call(attr) < 0)
                continue;
            if (field != "prog_btf_fd")
                side.Call(attr);
        }

        CallAttr named = Program(side);
        "bad name"u8.CopyTo(named.Bytes.AsSpan(48));
        side.Call(named);
        foreach ((ulong type, ulong expected) in new (ulong, ulong)[] { (8, 2), (9, 3), (18, 0), (25, 0), (30, 0), (32, 0), (31, 1), (21, 5) })
        {
            CallAttr attr = Program(side);
            attr["prog_type"] = type;
            attr["expected_attach_type"] = expected;
            side.Call(attr);
        }
    });

    private static CallAttr Program(Side side)
    {
        byte[] insns = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
        return new CallAttr(BpfCommand.ProgLoad) { ["prog_type"] = 1, ["insn_cnt"] = 2, ["insns"] = side.Memory.Copy(insns), ["license"] = side.Memory.Copy("GPL") };
    }

    // One type: int, 4 bytes, signed.
    private static byte[] Btf()
    {
        byte[] raw = new byte[24 + 16 + 5];
        BinaryPrimitives.WriteUInt32LittleEndian(raw, 0x0001_eb9f);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(4), 24);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(12), 16);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(16), 16);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(20), 5);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(24), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(28), 1u << 24);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(32), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(36), 0x0100_0020);
        "int"u8.CopyTo(raw.AsSpan(41));
        return raw;
    }

    private static void Map(Side side) =>
        side.Call(new CallAttr(BpfCommand.MapCreate) { ["map_type"] = 2, ["key_size"] = 4, ["value_size"] = 4, ["max_entries"] = 2 });

    private static void MakeDirectory(Side side, string path)
    {
        if (side.Kernel is BpfKernel ours)
            Assert.Equal(0, ours.Fs.MakeDirectory(path, side.Task));
        else
            Directory.CreateDirectory(path);
    }
}
