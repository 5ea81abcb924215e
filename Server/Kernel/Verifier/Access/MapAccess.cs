using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Accesses to map values through pointers (check_map_access, check_map_access_type).</summary>
internal static class MapAccess
{
    private const uint FlagReadOnlyForPrograms = 1u << 7;
    private const uint FlagWriteOnlyForPrograms = 1u << 8;

    /// <summary>Range and permission of an access at <paramref name="off"/> (constant part of the offset included).</summary>
    public static int Check(Walker w, int regno, int off, int size, bool zeroAllowed, bool write)
    {
        int error = CheckPermission(w, regno, off, size, write);
        return error != 0 ? error : RegionAccess.Check(w, regno, off, size, w.Regs[regno].Map!.ValueSize, zeroAllowed);
    }

    /// <summary>Whether programs may read or write this map's values.</summary>
    public static int CheckPermission(Walker w, int regno, int off, int size, bool write)
    {
        BpfMap map = w.Regs[regno].Map!;
        uint flags = map.Definition.Flags & (FlagReadOnlyForPrograms | FlagWriteOnlyForPrograms);
        if (flags != (write ? FlagReadOnlyForPrograms : FlagWriteOnlyForPrograms))
            return 0;
        w.Log.Write($"{(write ? "write into" : "read from")} map forbidden, value_size={map.ValueSize} off={off} size={size}\n");
        return -Errno.EACCES;
    }

    /// <summary>A load from a map whose values can no longer change: the value is known (bpf_map_is_rdonly, bpf_map_direct_read).</summary>
    public static unsafe bool TryReadConstant(BpfMap map, long offset, int size, bool signExtend, out ulong value)
    {
        value = 0;
        if ((map.Definition.Flags & FlagReadOnlyForPrograms) == 0 || !map.Frozen || map.DirectValueAddress(0, out ulong address) != 0)
            return false;
        byte* at = map.Memory.Resolve(address + (ulong)offset);
        value = size switch
        {
            1 => signExtend ? (ulong)(long)*(sbyte*)at : *at,
            2 => signExtend ? (ulong)(long)*(short*)at : *(ushort*)at,
            4 => signExtend ? (ulong)(long)*(int*)at : *(uint*)at,
            _ => *(ulong*)at,
        };
        return true;
    }
}
