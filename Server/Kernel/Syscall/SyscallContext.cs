using System.Buffers.Binary;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>One call in progress: the attr, the caller and its memory, and the few things that most commands do.</summary>
internal readonly ref struct SyscallContext(BpfKernel kernel, BpfCommand command, Span<byte> attr, Span<byte> userAttr, IUserMemory memory, BpfCall call)
{
    public BpfKernel Kernel { get; } = kernel;
    public BpfCommand Command { get; } = command;
    public IUserMemory Memory { get; } = memory;
    public BpfCall Call { get; } = call;
    public BpfTask Task => Call.Task;

    /// <summary>Union bpf_attr, zero-extended to its whole size.</summary>
    public Span<byte> Attr { get; } = attr;

    /// <summary>Bytes of the attr that the caller passed.</summary>
    public int AttrSize => _userAttr.Length;

    private readonly Span<byte> _userAttr = userAttr;

    public uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(Attr[offset..]);

    public int S32(int offset) => BinaryPrimitives.ReadInt32LittleEndian(Attr[offset..]);

    public ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(Attr[offset..]);

    /// <summary>put_user to a field of the caller's attr; a field that the caller did not pass is left out.</summary>
    public void Put(int offset, uint value)
    {
        if (_userAttr.Length >= offset + 4)
            BinaryPrimitives.WriteUInt32LittleEndian(_userAttr[offset..], value);
    }

    /// <summary>The map behind an fd with a reference, or null with EBADF or EINVAL (__bpf_map_get).</summary>
    public BpfMap? GetMap(int fd, out FdAccess access, out int error)
    {
        BpfMap? map = Get<BpfMap>(fd, out access, out error);
        if (map is { Frozen: true })
            access &= ~FdAccess.Write;
        return map;
    }

    public BpfProgram? GetProgram(int fd, out int error) => Get<BpfProgram>(fd, out _, out error);

    public BtfObject? GetBtf(int fd, out int error) => Get<BtfObject>(fd, out _, out error);

    /// <summary>Says that the call cannot be answered because of a gap of ours.</summary>
    public long NotImplemented(string what)
    {
        Call.Observer?.OnNotImplemented(what);
        return -Errno.EOPNOTSUPP;
    }

    /// <summary>A fixed-size name: characters of [A-Za-z0-9_.], ended by a NUL inside the field; null where it is not so (bpf_obj_name_cpy: EINVAL).</summary>
    public string? Name(int offset, int size)
    {
        Span<byte> field = Attr.Slice(offset, size);
        int end = field.IndexOf((byte)0);
        if (end < 0)
            return null;
        foreach (byte c in field[..end])
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c != '_' && c != '.')
                return null;
        }

        return System.Text.Encoding.ASCII.GetString(field[..end]);
    }

    private T? Get<T>(int fd, out FdAccess access, out int error)
        where T : KernelObject => FdLookup.Get<T>(Task.Fds, fd, out access, out error);
}

/// <summary>Objects of one kind behind descriptors.</summary>
internal static class FdLookup
{
    /// <summary>The object with a reference, or null with EBADF (not open) or EINVAL (open, but of another kind), negated.</summary>
    public static T? Get<T>(FdTable fds, int fd, out FdAccess access, out int error)
        where T : KernelObject
    {
        KernelObject? file = fds.Get(fd, out access);
        if (file is T found)
        {
            error = 0;
            return found;
        }

        error = file is null && !FdTable.IsStdio(fd) ? -Errno.EBADF : -Errno.EINVAL;
        file?.Put();
        return null;
    }
}
