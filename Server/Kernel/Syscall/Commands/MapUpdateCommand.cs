using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_MAP_UPDATE_ELEM, as map_update_elem in kernel/bpf/syscall.c, 6.18.</summary>
[BpfSyscall(BpfCommand.MapUpdateElem)]
internal sealed class MapUpdateCommand : SyscallCommand
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
            if ((call.U64(MapElement.Flags) & UapiFlags.BPF_F_LOCK) != 0)
                return -Errno.EINVAL;
            if (MapRegistry.Traits(map.Type) is { HoldsFds: true })
            {
                lock (call.Kernel.Durability.Gate)
                    error = Update(ref call, map);
            }
            else
            {
                error = Update(ref call, map);
            }
        }
        finally
        {
            map.Put();
        }

        return call.Kernel.Durability.Acknowledge(error, call.Call);
    }

    private static int Update(ref SyscallContext call, BpfMap map)
    {
        int keySize = (int)map.KeySize;
        int valueSize = (int)map.UserValueSize;
        byte[]? rentedKey = MapElement.Rent(keySize);
        byte[]? rentedValue = MapElement.Rent(valueSize);
        Span<byte> key = rentedKey is null ? stackalloc byte[MapElement.StackBytes] : rentedKey;
        Span<byte> value = rentedValue is null ? stackalloc byte[MapElement.StackBytes] : rentedValue;
        try
        {
            int error = MapElement.CopyKey(ref call, key[..keySize]);
            if (error != 0)
                return error;
            if (!call.Memory.TryRead(call.U64(MapElement.Value), value[..valueSize]))
                return -Errno.EFAULT;
            return map.UpdateElem(key[..keySize], value[..valueSize], call.U64(MapElement.Flags), MapElement.Caller(ref call, map));
        }
        finally
        {
            MapElement.Return(rentedKey);
            MapElement.Return(rentedValue);
        }
    }
}
