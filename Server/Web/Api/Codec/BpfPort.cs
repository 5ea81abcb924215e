using System.Buffers.Binary;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>
/// The service as a user of bpf(2), as bpftool is: builds attrs of union bpf_attr (linux/bpf.h, 6.18), so that the nouns work alike on our
/// kernel and on the machine's. Results are those of the call: at least 0, or a negative errno.
/// </summary>
public sealed class BpfPort(IBpfBackend backend, UserMemoryArena arena, BpfCall call)
{
    private const int AttrSize = 168;

    public UserMemoryArena Arena => arena;

    /// <summary>The id after <paramref name="start"/>, or ENOENT at the end.</summary>
    public long NextId(BpfCommand command, uint start, out uint next)
    {
        Span<byte> attr = stackalloc byte[AttrSize];
        attr.Clear();
        U32(attr, 0, start);
        long ret = backend.Bpf(command, attr[..12], arena, call);
        next = BinaryPrimitives.ReadUInt32LittleEndian(attr[4..]);
        return ret;
    }

    /// <summary>A new fd on the object of an id.</summary>
    public long FdById(BpfCommand command, uint id)
    {
        Span<byte> attr = stackalloc byte[AttrSize];
        attr.Clear();
        U32(attr, 0, id);
        return backend.Bpf(command, attr[..12], arena, call);
    }

    /// <summary>BPF_OBJ_GET_INFO_BY_FD; on success <paramref name="info"/> is cut to what the kernel filled.</summary>
    public long Info(int fd, ref Span<byte> info)
    {
        UserBuffer buffer = arena.Allocate(info.Length);
        info.CopyTo(buffer.Span);
        Span<byte> attr = stackalloc byte[AttrSize];
        attr.Clear();
        U32(attr, 0, (uint)fd);
        U32(attr, 4, (uint)info.Length);
        U64(attr, 8, buffer.Address);
        long ret = backend.Bpf(BpfCommand.ObjGetInfoByFd, attr[..16], arena, call);
        if (ret >= 0)
        {
            int filled = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(attr[4..]), (uint)info.Length);
            info = info[..filled];
            buffer.Span[..filled].CopyTo(info);
        }

        return ret;
    }

    /// <summary>An array of u32 inside an info, at most <paramref name="count"/> of them; empty where the call fails.</summary>
    public uint[] InfoArray(int fd, ObjectKind kind, string pointer, string counter, uint count)
    {
        (IReadOnlyList<AttrField> fields, int size) = InfoTable.Of(kind);
        UserBuffer array = arena.Allocate(count * 4L);
        Span<byte> info = stackalloc byte[size];
        info.Clear();
        U64(info, fields.First(f => f.Name == pointer).Offset, array.Address);
        int counterAt = fields.First(f => f.Name == counter).Offset;
        U32(info, counterAt, count);
        Span<byte> filled = info;
        if (Info(fd, ref filled) < 0)
            return [];
        var values = new uint[Math.Min(count, BinaryPrimitives.ReadUInt32LittleEndian(info[counterAt..]))];
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadUInt32LittleEndian(array.Span[(4 * i)..]);
        return values;
    }

    /// <summary>The name of a BTF object, and its bpf_btf_info without the types themselves.</summary>
    /// <exception cref="ApiException">The call failed.</exception>
    public string BtfName(int fd, out byte[] info)
    {
        UserBuffer name = arena.Allocate(128);
        info = new byte[InfoTable.BtfSize];
        U64(info, 16, name.Address);
        U32(info, 24, 128);
        Span<byte> filled = info;
        CallStatus.Check(Info(fd, ref filled), "BTF object");
        int end = name.Span.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(name.Span[..Math.Max(0, end)]);
    }

    /// <summary>One of the element commands; <paramref name="second"/> is the value or the next key, 0 where the command has none.</summary>
    public long Element(BpfCommand command, int mapFd, ulong key, ulong second, ulong flags = 0)
    {
        Span<byte> attr = stackalloc byte[AttrSize];
        attr.Clear();
        U32(attr, 0, (uint)mapFd);
        U64(attr, 8, key);
        U64(attr, 16, second);
        U64(attr, 24, flags);
        return backend.Bpf(command, attr[..32], arena, call);
    }

    public long Pin(string path, int fd) => Path(BpfCommand.ObjPin, path, fd);

    /// <summary>A new fd on the object pinned at a path.</summary>
    public long Get(string path) => Path(BpfCommand.ObjGet, path, 0);

    /// <summary>BPF_PROG_TEST_RUN; outputs are read from <paramref name="run"/> whatever the result is.</summary>
    public long TestRun(int fd, ref TestRun run)
    {
        Span<byte> attr = stackalloc byte[AttrSize];
        attr.Clear();
        U32(attr, 0, (uint)fd);
        U32(attr, 8, run.DataInSize);
        U64(attr, 16, run.DataIn.Address);
        U64(attr, 24, run.DataOut.Address);
        U32(attr, 32, run.Repeat);
        long ret = backend.Bpf(BpfCommand.ProgTestRun, attr[..76], arena, call);
        run.ReturnValue = BinaryPrimitives.ReadUInt32LittleEndian(attr[4..]);
        run.DataSizeOut = BinaryPrimitives.ReadUInt32LittleEndian(attr[12..]);
        run.DurationNs = BinaryPrimitives.ReadUInt32LittleEndian(attr[36..]);
        return ret;
    }

    private long Path(BpfCommand command, string path, int fd)
    {
        ulong text = arena.Copy(path);
        Span<byte> attr = stackalloc byte[AttrSize];
        attr.Clear();
        U64(attr, 0, text);
        U32(attr, 8, (uint)fd);
        return backend.Bpf(command, attr[..16], arena, call);
    }

    private static void U32(Span<byte> attr, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(attr[offset..], value);

    private static void U64(Span<byte> attr, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(attr[offset..], value);
}

/// <summary>Inputs and outputs of one test run.</summary>
public struct TestRun
{
    public required UserBuffer DataIn;
    public required uint DataInSize;

    /// <summary>Takes the whole packet: no size is named, so the kernel copies all there is, and EFAULT tells that it does not fit.</summary>
    public required UserBuffer DataOut;

    public uint Repeat;
    public uint ReturnValue;
    public uint DataSizeOut;
    public uint DurationNs;
}
