using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_MAP_GET_NEXT_KEY, as map_get_next_key in kernel/bpf/syscall.c, 6.18: a NULL key asks for the first.</summary>
[BpfSyscall(BpfCommand.MapGetNextKey)]
internal sealed class MapNextKeyCommand : SyscallCommand
{
    public override long Execute(ref SyscallContext call)
    {
        if (call.GetMap(call.S32(MapElement.MapFd), out FdAccess access, out int error) is not { } map)
            return error;
        try
        {
            return (access & FdAccess.Read) == 0 ? -Errno.EPERM : Next(ref call, map);
        }
        finally
        {
            map.Put();
        }
    }

    private static int Next(ref SyscallContext call, BpfMap map)
    {
        int keySize = (int)map.KeySize;
        byte[]? rented = MapElement.Rent(keySize * 2);
        Span<byte> keys = rented is null ? stackalloc byte[MapElement.StackBytes] : rented;
        Span<byte> next = keys.Slice(keySize, keySize);
        try
        {
            scoped Span<byte> key = default;
            if (call.U64(MapElement.Key) != 0)
            {
                key = keys[..keySize];
                int copied = MapElement.CopyKey(ref call, key);
                if (copied != 0)
                    return copied;
            }

            int error = map.GetNextKey(key, next);
            if (error != 0)
                return error;
            return call.Memory.TryWrite(call.U64(MapElement.Value), next) ? 0 : -Errno.EFAULT;
        }
        finally
        {
            MapElement.Return(rented);
        }
    }
}
