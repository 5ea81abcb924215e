using System.Text;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Fs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_OBJ_PIN and BPF_OBJ_GET, as bpf_obj_pin and bpf_obj_get in kernel/bpf/syscall.c and inode.c, 6.18.</summary>
[BpfSyscall(BpfCommand.ObjPin, BpfCommand.ObjGet)]
internal sealed class ObjectFileCommands : SyscallCommand
{
    private const int Pathname = 0;
    private const int BpfFd = 8;
    private const int FileFlags = 12;
    private const int PathFd = 16;
    private const int MaxPath = 4096;
    private const int WorkingDirectory = -100;

    public override long Execute(ref SyscallContext call)
    {
        bool pin = call.Command == BpfCommand.ObjPin;
        uint flags = call.U32(FileFlags);
        uint allowed = UapiFlags.BPF_F_PATH_FD | (pin ? 0 : OpenFlags.Mask);
        if ((flags & ~allowed) != 0 || (!pin && call.U32(BpfFd) != 0))
            return -Errno.EINVAL;
        bool relative = (flags & UapiFlags.BPF_F_PATH_FD) != 0;
        if (!relative && call.U32(PathFd) != 0)
            return -Errno.EINVAL;
        return pin ? Pin(ref call, relative) : Get(ref call, relative, flags);
    }

    private static long Pin(ref SyscallContext call, bool relative)
    {
        KernelObject? pinned = call.Task.Fds.Get(call.S32(BpfFd));
        if (pinned is not { Kind: ObjectKind.Map or ObjectKind.Prog or ObjectKind.Link })
        {
            // bpf_fd_probe_obj: whatever is no such object, open or not.
            pinned?.Put();
            return -Errno.EINVAL;
        }

        try
        {
            int error = Path(ref call, relative, out string path, out BpffsDirectory? from);
            if (error == 0)
                error = call.Kernel.Fs.Pin(from, path, pinned, call.Task);
            from?.Put();
            return call.Kernel.Durability.Acknowledge(error, call.Call);
        }
        finally
        {
            pinned.Put();
        }
    }

    private static long Get(ref SyscallContext call, bool relative, uint flags)
    {
        if (OpenFlags.Access(flags) is not { } access)
            return -Errno.EINVAL;
        int error = Path(ref call, relative, out string path, out BpffsDirectory? from);
        KernelObject? found = null;
        if (error == 0)
            error = call.Kernel.Fs.Open(from, path, access, call.Task, out found);
        from?.Put();
        if (error != 0)
            return error;
        if (found is not BpfMap && access != FdAccess.ReadWrite && found!.Kind == ObjectKind.Link)
        {
            found.Put();
            return -Errno.EINVAL;
        }

        return call.Task.Fds.Install(found!, found is BpfMap ? access : FdAccess.ReadWrite);
    }

    private static int Path(ref SyscallContext call, bool relative, out string path, out BpffsDirectory? from)
    {
        from = null;
        int error = ReadPath(ref call, out path);
        if (error != 0 || !relative || path.StartsWith('/'))
            return error;
        int fd = call.S32(PathFd);
        if (fd == WorkingDirectory)
            return 0;
        KernelObject? file = call.Task.Fds.Get(fd);
        from = file as BpffsDirectory;
        if (from is not null)
            return 0;
        error = file is null && !FdTable.IsStdio(fd) ? -Errno.EBADF : -Errno.ENOTDIR;
        file?.Put();
        return error;
    }

    // getname: up to PATH_MAX bytes with the NUL.
    private static int ReadPath(ref SyscallContext call, out string path)
    {
        path = "";
        int length = UserString.Read(call.Memory, call.U64(Pathname), MaxPath, out byte[] bytes);
        if (length < 0)
            return length;
        if (length == MaxPath)
            return -Errno.ENAMETOOLONG;
        path = Encoding.UTF8.GetString(bytes, 0, length);
        return length == 0 ? -Errno.ENOENT : 0;
    }
}
