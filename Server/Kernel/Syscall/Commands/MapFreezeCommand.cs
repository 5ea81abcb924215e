using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_MAP_FREEZE, as map_freeze in kernel/bpf/syscall.c, 6.18: from then on only programs write.</summary>
[BpfSyscall(BpfCommand.MapFreeze)]
internal sealed class MapFreezeCommand : SyscallCommand
{
    public override long Execute(ref SyscallContext call)
    {
        if (call.GetMap(call.S32(MapElement.MapFd), out FdAccess access, out int error) is not { } map)
            return error;
        try
        {
            if (map.Type == BpfMapType.StructOps)
                return -Errno.ENOTSUPP;
            if ((access & FdAccess.Write) == 0)
                return -Errno.EPERM;
            if (!MapWriteGate.TryFreeze(map))
                return -Errno.EBUSY;
            call.Kernel.Events.Map("map_freeze", map, call.Task);
            return call.Kernel.Durability.Acknowledge(call.Kernel.Durability.Frozen(map), call.Call);
        }
        finally
        {
            map.Put();
        }
    }
}
