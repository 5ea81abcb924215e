using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_MAP_LOOKUP_ELEM and BPF_MAP_LOOKUP_AND_DELETE_ELEM, as map_lookup_elem and map_lookup_and_delete_elem in kernel/bpf/syscall.c, 6.18.</summary>
[BpfSyscall(BpfCommand.MapLookupElem, BpfCommand.MapLookupAndDeleteElem)]
internal sealed class MapLookupCommand : SyscallCommand
{
    public override long Execute(ref SyscallContext call)
    {
        bool delete = call.Command == BpfCommand.MapLookupAndDeleteElem;
        ulong flags = call.U64(MapElement.Flags);
        if ((flags & ~UapiFlags.BPF_F_LOCK) != 0)
            return -Errno.EINVAL;
        if (call.GetMap(call.S32(MapElement.MapFd), out FdAccess access, out int error) is not { } map)
            return error;
        try
        {
            FdAccess needed = delete ? FdAccess.ReadWrite : FdAccess.Read;
            if ((access & needed) != needed)
                return -Errno.EPERM;

            // No value has a spin lock yet: BTF with one is refused when the map is made.
            if (flags != 0)
                return -Errno.EINVAL;
            if (!delete)
                return Look(ref call, map, delete);
            using MapWriteGate.Scope writing = MapWriteGate.Enter(map);
            return map.Frozen ? -Errno.EPERM : call.Kernel.Durability.Acknowledge(Look(ref call, map, delete), call.Call);
        }
        finally
        {
            map.Put();
        }
    }

    private static int Look(ref SyscallContext call, BpfMap map, bool delete)
    {
        int keySize = (int)map.KeySize;
        int valueSize = (int)map.UserValueSize;
        byte[]? rentedKey = MapElement.Rent(keySize);
        byte[]? rentedValue = MapElement.Rent(valueSize);
        Span<byte> key = rentedKey is null ? stackalloc byte[MapElement.StackBytes] : rentedKey;
        Span<byte> value = rentedValue is null ? stackalloc byte[MapElement.StackBytes] : rentedValue;
        key = key[..keySize];
        value = value[..valueSize];
        try
        {
            int error = MapElement.CopyKey(ref call, key);
            if (error != 0)
                return error;

            // A bloom filter is asked about the value that the caller passes.
            if (map.Type == BpfMapType.BloomFilter && !call.Memory.TryRead(call.U64(MapElement.Value), value))
                return -Errno.EFAULT;
            error = delete ? map.TakeElem(key, value, 0, new MapCaller(call.Task)) : map.LookupElem(key, value, 0);
            if (error != 0)
                return error;
            return call.Memory.TryWrite(call.U64(MapElement.Value), value) ? 0 : -Errno.EFAULT;
        }
        finally
        {
            MapElement.Return(rentedKey);
            MapElement.Return(rentedValue);
        }
    }
}
