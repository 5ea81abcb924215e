using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>
/// BPF_MAP_CREATE, in the order of map_create in kernel/bpf/syscall.c, 6.18: BTF ids that do not go together, map_extra, access flags, NUMA
/// node, type, the type's own check, permission, allocation, name, BTF, exclusive program.
/// </summary>
[BpfSyscall(BpfCommand.MapCreate)]
internal sealed class MapCreateCommand : SyscallCommand
{
    private const int MapType = 0;
    private const int KeySize = 4;
    private const int ValueSize = 8;
    private const int MaxEntries = 12;
    private const int MapFlagsField = 16;
    private const int InnerMapFd = 20;
    private const int NumaNode = 24;
    private const int MapName = 28;
    private const int MapIfindex = 44;
    private const int BtfFd = 48;
    private const int BtfKeyTypeId = 52;
    private const int BtfValueTypeId = 56;
    private const int BtfVmlinuxValueTypeId = 60;
    private const int MapExtra = 64;
    private const int ExclProgHash = 80;
    private const int ExclProgHashSize = 88;
    private const uint Sha256Size = 32;

    public override long Execute(ref SyscallContext call)
    {
        var type = (BpfMapType)call.U32(MapType);
        uint flags = call.U32(MapFlagsField);
        bool token = (flags & UapiFlags.BPF_F_TOKEN_FD) != 0;
        flags &= ~UapiFlags.BPF_F_TOKEN_FD;

        int error = CheckCommon(ref call, type, flags);
        if (error != 0)
            return error;
        if (type > BpfMapType.Arena || type == BpfMapType.Unspec)
            return -Errno.EINVAL;
        if (MapRegistry.Find(type) is not { } family)
            return call.NotImplemented($"map type {UapiName.Of(type)}");

        BpfMap? inner = family.Traits(type).HoldsMaps ? call.GetMap(call.S32(InnerMapFd), out _, out error) : null;
        var definition = new MapDefinition(type, call.U32(KeySize), call.U32(ValueSize), call.U32(MaxEntries))
        {
            Flags = flags,
            MapExtra = call.U64(MapExtra),
            NumaNode = (flags & UapiFlags.BPF_F_NUMA_NODE) != 0 ? call.S32(NumaNode) : -1,
            IfIndex = call.U32(MapIfindex),
            InnerMap = inner,
        };
        try
        {
            int checkError = family.CheckCreate(definition, call.Task);
            if (checkError != 0)
                return checkError;
            if (definition.IfIndex != 0)
                return call.NotImplemented("maps offloaded to a device");
            if (token)
                return call.NotImplemented("BPF tokens");
            if (!MayCreate(call.Kernel, call.Task, type))
                return -Errno.EPERM;
            if (error != 0)
                return error;
            return Create(ref call, family, definition);
        }
        finally
        {
            inner?.Put();
        }
    }

    private static int CheckCommon(ref SyscallContext call, BpfMapType type, uint flags)
    {
        bool key = call.U32(BtfKeyTypeId) != 0;
        bool value = call.U32(BtfValueTypeId) != 0;
        if (call.U32(BtfVmlinuxValueTypeId) != 0)
        {
            if (type != BpfMapType.StructOps || key || value)
                return -Errno.EINVAL;
        }
        else if (key && !value)
        {
            return -Errno.EINVAL;
        }

        if (type is not (BpfMapType.BloomFilter or BpfMapType.Arena) && call.U64(MapExtra) != 0)
            return -Errno.EINVAL;
        if (OpenFlags.Access(flags) is null)
            return -Errno.EINVAL;
        bool numa = (flags & UapiFlags.BPF_F_NUMA_NODE) != 0;
        int node = call.S32(NumaNode);
        return numa && node != -1 && (uint)node >= (uint)call.Kernel.Options.NumaNodes ? -Errno.EINVAL : 0;
    }

    // As the switch of map_create: which types are open to everybody, which need CAP_BPF, which CAP_NET_ADMIN.
    private static bool MayCreate(BpfKernel kernel, BpfTask task, BpfMapType type)
    {
        if (kernel.Options.UnprivilegedBpfDisabled && !task.BpfCapable)
            return false;
        return type switch
        {
            BpfMapType.SkStorage or BpfMapType.InodeStorage or BpfMapType.TaskStorage or BpfMapType.CgrpStorage or BpfMapType.BloomFilter
                or BpfMapType.LpmTrie or BpfMapType.ReuseportSockarray or BpfMapType.StackTrace or BpfMapType.Queue or BpfMapType.Stack
                or BpfMapType.LruHash or BpfMapType.LruPercpuHash or BpfMapType.StructOps or BpfMapType.Cpumap or BpfMapType.Arena => task.BpfCapable,
            BpfMapType.Sockmap or BpfMapType.Sockhash or BpfMapType.Devmap or BpfMapType.DevmapHash or BpfMapType.Xskmap => task.NetAdminCapable,
            _ => true,
        };
    }

    private static long Create(ref SyscallContext call, MapFamily family, MapDefinition definition)
    {
        // The kernel allocates before it looks at the name and the BTF; what it would find first is the same unless memory is short.
        if (call.Name(MapName, 16) is not { } name)
            return -Errno.EINVAL;
        int error = OpenBtf(ref call, family.Traits(definition.Type), definition, out BtfObject? btf);
        if (error != 0)
            return error == -Errno.EOPNOTSUPP ? call.NotImplemented("special fields in map values") : error;
        error = CheckExclusive(ref call);
        if (error == 0)
        {
            MapDefinition full = definition with
            {
                Name = name,
                Btf = btf,
                BtfKeyTypeId = btf is null ? 0 : call.U32(BtfKeyTypeId),
                BtfValueTypeId = btf is null ? 0 : call.U32(BtfValueTypeId),
            };
            error = family.Create(full, call.Kernel.MapContext, out BpfMap? map);
            if (error == 0)
                return Publish(ref call, map!);
        }

        btf?.Put();
        return error;
    }

    private static long Publish(ref SyscallContext call, BpfMap map)
    {
        map.CreatedByUid = call.Task.Uid;
        call.Kernel.Maps.Publish(map);
        call.Kernel.Events.Map("map_create", map, call.Task);
        map.Released += call.Kernel.Events.MapFreed;
        return call.Task.Fds.Install(map, OpenFlags.Access(map.Definition.Flags)!.Value);
    }

    private static int OpenBtf(ref SyscallContext call, MapTraits traits, MapDefinition definition, out BtfObject? btf)
    {
        btf = null;
        uint key = call.U32(BtfKeyTypeId);
        uint value = call.U32(BtfValueTypeId);
        if (key == 0 && value == 0)
            return 0;
        btf = call.GetBtf(call.S32(BtfFd), out int error);
        if (btf is null)
            return error;
        error = btf.IsKernel ? -Errno.EACCES : MapBtf.Check(btf.Types, traits, definition, key, value);
        if (error == 0)
            return 0;
        btf.Put();
        btf = null;
        return error;
    }

    private static int CheckExclusive(ref SyscallContext call)
    {
        uint size = call.U32(ExclProgHashSize);
        if (call.U64(ExclProgHash) == 0)
            return size == 0 ? 0 : -Errno.EINVAL;
        if (size != Sha256Size)
            return -Errno.EINVAL;
        Span<byte> hash = stackalloc byte[(int)Sha256Size];
        if (!call.Memory.TryRead(call.U64(ExclProgHash), hash))
            return -Errno.EFAULT;
        return (int)call.NotImplemented("maps for one program only (excl_prog_hash)");
    }
}
