using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_MAP_DELETE_ELEM, as map_delete_elem in kernel/bpf/syscall.c, 6.18.</summary>
[BpfSyscall(BpfCommand.MapDeleteElem)]
internal sealed class MapDeleteCommand : SyscallCommand
{
    public override long Execute(ref SyscallContext call)
    {
        if (call.GetMap(call.S32(MapElement.MapFd), out FdAccess access, out int error) is not { } map)
            return error;
        try
        {
            using MapWriteGate.Scope writing = MapWriteGate.Enter(map);
            if ((access & FdAccess.Write) == 0 || map.Frozen)
                return -Errno.EPERM;
            if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
            {
                lock (call.Kernel.Durability.Gate)
                    error = Delete(ref call, map);
            }
            else
            {
                error = Delete(ref call, map);
            }
        }
        finally
        {
            map.Put();
        }

        return call.Kernel.Durability.Acknowledge(error, call.Call);
    }

    private static int Delete(ref SyscallContext call, BpfMap map)
    {
        int keySize = (int)map.KeySize;
        byte[]? rented = MapElement.Rent(keySize);
        Span<byte> key = rented is null ? stackalloc byte[MapElement.StackBytes] : rented;
        try
        {
            int error = MapElement.CopyKey(ref call, key[..keySize]);
            return error != 0 ? error : map.DeleteElem(key[..keySize], MapElement.Caller(ref call, map));
        }
        finally
        {
            MapElement.Return(rented);
        }
    }
}
