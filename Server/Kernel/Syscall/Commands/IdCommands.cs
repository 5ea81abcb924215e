using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>The four BPF_*_GET_NEXT_ID, as bpf_obj_get_next_id in kernel/bpf/syscall.c, 6.18.</summary>
[BpfSyscall(BpfCommand.ProgGetNextId, BpfCommand.MapGetNextId, BpfCommand.BtfGetNextId, BpfCommand.LinkGetNextId)]
internal sealed class NextIdCommand : SyscallCommand
{
    private const int StartId = 0;
    private const int NextId = 4;

    public override long Execute(ref SyscallContext call)
    {
        uint start = call.U32(StartId);
        if (start >= int.MaxValue)
            return -Errno.EINVAL;
        if (!call.Task.Has(Capabilities.SysAdmin))
            return -Errno.EPERM;
        uint next = call.Command switch
        {
            BpfCommand.ProgGetNextId => call.Kernel.Programs.Next(start),
            BpfCommand.MapGetNextId => call.Kernel.Maps.Next(start),
            BpfCommand.BtfGetNextId => call.Kernel.Btfs.Next(start),
            _ => call.Kernel.Links.Next(start),
        };
        if (next == 0)
            return -Errno.ENOENT;
        call.Put(NextId, next);
        return 0;
    }
}

/// <summary>The four BPF_*_GET_FD_BY_ID.</summary>
[BpfSyscall(BpfCommand.ProgGetFdById, BpfCommand.MapGetFdById, BpfCommand.BtfGetFdById, BpfCommand.LinkGetFdById)]
internal sealed class FdByIdCommand : SyscallCommand
{
    private const int IdField = 0;
    private const int OpenFlagsField = 8;

    public override long Execute(ref SyscallContext call)
    {
        uint flags = call.U32(OpenFlagsField);
        FdAccess? access = FdAccess.ReadWrite;
        if (call.Command == BpfCommand.MapGetFdById)
        {
            if ((flags & ~OpenFlags.Mask) != 0)
                return -Errno.EINVAL;
            access = OpenFlags.Access(flags);
        }
        else if (call.Command == BpfCommand.BtfGetFdById)
        {
            if ((flags & ~UapiFlags.BPF_F_TOKEN_FD) != 0)
                return -Errno.EINVAL;
            if (flags != 0)
                return call.NotImplemented("BPF tokens");
        }

        if (!call.Task.Has(Capabilities.SysAdmin))
            return -Errno.EPERM;
        if (access is null)
            return -Errno.EINVAL;
        uint id = call.U32(IdField);
        KernelObject? found = call.Command switch
        {
            BpfCommand.ProgGetFdById => call.Kernel.Programs.Find(id),
            BpfCommand.MapGetFdById => call.Kernel.Maps.Find(id),
            BpfCommand.BtfGetFdById => call.Kernel.Btfs.Find(id),
            _ => call.Kernel.Links.Find(id),
        };
        return found is null ? -Errno.ENOENT : call.Task.Fds.Install(found, found is BpfMap ? access.Value : FdAccess.ReadWrite);
    }
}

/// <summary>BPF_ENABLE_STATS: run statistics are kept while the descriptor is open.</summary>
[BpfSyscall(BpfCommand.EnableStats)]
internal sealed class EnableStatsCommand : SyscallCommand
{
    private const int Type = 0;
    private const uint RunTime = 0;

    public override long Execute(ref SyscallContext call)
    {
        if (!call.Task.Has(Capabilities.SysAdmin))
            return -Errno.EPERM;
        return call.U32(Type) == RunTime ? call.Task.Fds.Install(call.Kernel.RunStats.Open()) : -Errno.EINVAL;
    }
}
