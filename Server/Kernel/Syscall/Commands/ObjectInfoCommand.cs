using System.Buffers.Binary;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_OBJ_GET_INFO_BY_FD, as bpf_obj_get_info_by_fd in kernel/bpf/syscall.c, 6.18. The struct's known part is copied in, filled and copied out.</summary>
[BpfSyscall(BpfCommand.ObjGetInfoByFd)]
internal sealed class ObjectInfoCommand : SyscallCommand
{
    private const int BpfFd = 0;
    private const int InfoLen = 4;
    private const int Info = 8;
    private const int PageSize = 4096;

    public override long Execute(ref SyscallContext call)
    {
        int fd = call.S32(BpfFd);
        if (call.Task.Fds.Get(fd) is not { } file)
            return FdTable.IsStdio(fd) ? -Errno.EINVAL : -Errno.EBADFD;
        try
        {
            return file switch
            {
                BpfProgram or BpfMap or BtfObject => Fill(ref call, file),
                { Kind: ObjectKind.Link } => call.NotImplemented("information on links"),
                _ => -Errno.EINVAL,
            };
        }
        finally
        {
            file.Put();
        }
    }

    private static long Fill(ref SyscallContext call, KernelObject file)
    {
        int size = InfoTable.Of(file.Kind).Size;
        ulong address = call.U64(Info);
        int error = CheckTail(ref call, address, size);
        if (error != 0)
            return error;
        int length = (int)Math.Min((uint)size, call.U32(InfoLen));
        Span<byte> info = stackalloc byte[InfoTable.ProgSize];
        info = info[..size];
        info.Clear();
        if (!call.Memory.TryRead(address, info[..length]))
            return -Errno.EFAULT;
        var room = new InfoRoom(info, call.Memory);
        error = file switch
        {
            BpfProgram program => ProgramInfo.Fill(room, program, call.Task.BpfCapable),
            BpfMap map => MapInfo.Fill(room, map),
            _ => BtfInfo.Fill(room, (BtfObject)file),
        };

        // BTF alone copies out what it has when the name did not fit.
        if (error != 0 && error != -Errno.ENOSPC)
            return error;
        if (!call.Memory.TryWrite(address, info[..length]))
            return -Errno.EFAULT;
        call.Put(InfoLen, (uint)length);
        return error;
    }

    // bpf_check_uarg_tail_zero
    private static int CheckTail(ref SyscallContext call, ulong address, int known)
    {
        uint length = call.U32(InfoLen);
        if (length > PageSize)
            return -Errno.E2BIG;
        if (length <= known)
            return 0;
        byte[] tail = new byte[length - known];
        if (!call.Memory.TryRead(address + (ulong)known, tail))
            return -Errno.EFAULT;
        return tail.AsSpan().IndexOfAnyExcept((byte)0) >= 0 ? -Errno.E2BIG : 0;
    }
}

/// <summary>An info struct being filled, and the memory behind the pointers in it.</summary>
internal readonly ref struct InfoRoom(Span<byte> info, IUserMemory memory)
{
    public IUserMemory Memory { get; } = memory;

    private readonly Span<byte> _info = info;

    public uint U32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_info[offset..]);

    public ulong U64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_info[offset..]);

    public void Set(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_info[offset..], value);

    public void Set(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_info[offset..], value);

    public void Set(int offset, scoped ReadOnlySpan<byte> value) => value.CopyTo(_info[offset..]);

    /// <summary>
    /// The rule for arrays in infos: the caller's count says how much room there is, ours is written back, the smaller is copied. False where the
    /// array cannot be written (EFAULT).
    /// </summary>
    /// <param name="countAt">Offset of the count, in elements.</param>
    /// <param name="pointerAt">Offset of the pointer.</param>
    /// <param name="data">All elements.</param>
    /// <param name="element">Bytes of one.</param>
    public bool Array(int countAt, int pointerAt, scoped ReadOnlySpan<byte> data, int element)
    {
        uint room = U32(countAt);
        uint count = (uint)(data.Length / element);
        Set(countAt, count);
        uint copied = Math.Min(room, count);
        return copied == 0 || Memory.TryWrite(U64(pointerAt), data[..(int)(copied * element)]);
    }
}
