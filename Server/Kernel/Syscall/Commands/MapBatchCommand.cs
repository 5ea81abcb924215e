using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>
/// The four BPF_MAP_*_BATCH, as generic_map_*_batch in kernel/bpf/syscall.c, 6.18. Whatever the end is, <c>count</c> says how many elements were
/// done. Look-ups over hash tables go bucket by bucket there and are a gap of ours.
/// </summary>
[BpfSyscall(BpfCommand.MapLookupBatch, BpfCommand.MapLookupAndDeleteBatch, BpfCommand.MapUpdateBatch, BpfCommand.MapDeleteBatch)]
internal sealed class MapBatchCommand : SyscallCommand
{
    private const int InBatch = 0;
    private const int OutBatch = 8;
    private const int Keys = 16;
    private const int Values = 24;
    private const int Count = 32;
    private const int MapFd = 36;
    private const int ElemFlags = 40;

    public override long Execute(ref SyscallContext call)
    {
        if (call.GetMap(call.S32(MapFd), out FdAccess access, out int error) is not { } map)
            return error;
        try
        {
            bool reads = call.Command is BpfCommand.MapLookupBatch or BpfCommand.MapLookupAndDeleteBatch;
            bool writes = call.Command != BpfCommand.MapLookupBatch;
            using MapWriteGate.Scope writing = MapWriteGate.Enter(map);
            if ((reads && (access & FdAccess.Read) == 0) || (writes && ((access & FdAccess.Write) == 0 || map.Frozen)))
                return -Errno.EPERM;
            if (!Supports(map.Type, call.Command))
                return -Errno.ENOTSUPP;
            if (reads && IsHash(map.Type))
                return call.NotImplemented($"{UapiName.Of(call.Command)} of hash maps");

            // BPF_F_LOCK alone is known, and no value has a lock.
            ulong flags = call.U64(ElemFlags);
            if (flags != 0)
                return -Errno.EINVAL;
            if (call.U32(Count) == 0)
                return 0;
            call.Put(Count, 0);
            long result = reads ? Look(ref call, map) : Write(ref call, map);
            return call.Kernel.Durability.Acknowledge(result, call.Call);
        }
        finally
        {
            map.Put();
        }
    }

    // Which map_ops have the batch operation.
    private static bool Supports(BpfMapType type, BpfCommand command) => command switch
    {
        BpfCommand.MapLookupAndDeleteBatch => IsHash(type),
        BpfCommand.MapDeleteBatch => IsHash(type) || type is BpfMapType.LpmTrie or BpfMapType.HashOfMaps,
        _ => IsHash(type) || type is BpfMapType.Array or BpfMapType.PercpuArray or BpfMapType.LpmTrie or BpfMapType.ArrayOfMaps or BpfMapType.HashOfMaps,
    };

    private static bool IsHash(BpfMapType type) => type is BpfMapType.Hash or BpfMapType.LruHash or BpfMapType.PercpuHash or BpfMapType.LruPercpuHash;

    private static long Write(ref SyscallContext call, BpfMap map)
    {
        bool delete = call.Command == BpfCommand.MapDeleteBatch;
        byte[] key = new byte[map.KeySize];
        byte[] value = new byte[map.UserValueSize];
        MapCaller caller = MapElement.Caller(ref call, map);
        uint wanted = call.U32(Count);
        uint done = 0;
        int error = 0;
        for (; done < wanted; done++)
        {
            error = -Errno.EFAULT;
            if (!call.Memory.TryRead(call.U64(Keys) + (ulong)done * map.KeySize, key))
                break;
            if (!delete && !call.Memory.TryRead(call.U64(Values) + (ulong)done * map.UserValueSize, value))
                break;
            if (caller.Fds is not null)
            {
                lock (call.Kernel.Durability.Gate)
                    error = delete ? map.DeleteElem(key, caller) : map.UpdateElem(key, value, 0, caller);
            }
            else
            {
                error = delete ? map.DeleteElem(key, caller) : map.UpdateElem(key, value, 0, caller);
            }

            if (error != 0)
                break;
        }

        call.Put(Count, done);
        return error;
    }

    private static long Look(ref SyscallContext call, BpfMap map)
    {
        byte[] key = new byte[map.KeySize];
        byte[] value = new byte[map.UserValueSize];
        byte[]? before = null;
        if (call.U64(InBatch) != 0)
        {
            before = new byte[map.KeySize];
            if (!call.Memory.TryRead(call.U64(InBatch), before))
                return -Errno.EFAULT;
        }

        uint wanted = call.U32(Count);
        uint done = 0;
        int error = 0;
        while (done < wanted)
        {
            error = map.GetNextKey(before, key);
            if (error != 0)
                break;
            error = map.LookupElem(key, value, 0);
            if (error == 0)
            {
                bool written = call.Memory.TryWrite(call.U64(Keys) + (ulong)done * map.KeySize, key)
                    && call.Memory.TryWrite(call.U64(Values) + (ulong)done * map.UserValueSize, value);
                if (!written)
                    return -Errno.EFAULT;
                done++;
            }
            else if (error != -Errno.ENOENT)
            {
                return error;
            }

            before = [.. key];
        }

        call.Put(Count, done);
        return done != 0 && !call.Memory.TryWrite(call.U64(OutBatch), before!) ? -Errno.EFAULT : error;
    }
}
