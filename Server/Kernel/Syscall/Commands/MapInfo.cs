using System.Security.Cryptography;
using System.Text;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>struct bpf_map_info, as bpf_map_get_info_by_fd in kernel/bpf/syscall.c, 6.18.</summary>
internal static class MapInfo
{
    private const uint Sha256Size = 32;

    public static int Fill(InfoRoom info, BpfMap map)
    {
        MapDefinition d = map.Definition;
        info.Set(0, (uint)d.Type);
        info.Set(4, map.Id);
        info.Set(8, d.KeySize);
        info.Set(12, d.ValueSize);
        info.Set(16, d.MaxEntries);
        info.Set(20, d.Flags);
        Span<byte> name = stackalloc byte[16];
        name.Clear();
        Encoding.ASCII.GetBytes(d.Name, name);
        info.Set(24, name);
        info.Set(40, 0u);
        info.Set(44, 0u);
        info.Set(48, 0UL);
        info.Set(56, 0UL);
        info.Set(64, d.Btf?.Id ?? 0);
        info.Set(68, d.BtfKeyTypeId);
        info.Set(72, d.BtfValueTypeId);
        info.Set(76, 0u);
        info.Set(80, d.MapExtra);
        return Hash(info, map);
    }

    // The hash of a frozen array's values, for signed loaders.
    private static int Hash(InfoRoom info, BpfMap map)
    {
        if (info.U64(88) == 0)
            return info.U32(96) == 0 ? 0 : -Errno.EINVAL;
        if (map.Type != BpfMapType.Array || info.U32(96) != Sha256Size)
            return -Errno.EINVAL;
        if (!map.Frozen)
            return -Errno.EPERM;
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] value = new byte[(map.ValueSize + 7) & ~7u];
        Span<byte> key = stackalloc byte[4];
        for (uint i = 0; i < map.MaxEntries; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(key, i);
            map.LookupElem(key, value.AsSpan(0, (int)map.ValueSize), 0);
            sha.AppendData(value);
        }

        return info.Memory.TryWrite(info.U64(88), sha.GetHashAndReset()) ? 0 : -Errno.EFAULT;
    }
}
