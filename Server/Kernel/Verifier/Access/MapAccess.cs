using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Reads and writes of map values, as check_map_access_type, check_map_access and bpf_map_direct_read (6.18).</summary>
internal static class MapAccess
{
    /// <param name="off">Constant offset, that of the register included.</param>
    public static int Check(Walker w, int regno, int off, int size, bool zeroAllowed, bool write)
    {
        BpfMap map = w.Regs[regno].Map!;
        uint forbidden = write ? MapFlags.RdonlyProg : MapFlags.WronlyProg;
        if ((map.Definition.Flags & forbidden) != 0)
        {
            w.Log.Write($"{(write ? "write into" : "read from")} map forbidden, value_size={map.ValueSize} off={off} size={size}\n");
            return -Errno.EACCES;
        }

        return MemAccess.CheckRegion(w, regno, off, size, (int)map.ValueSize, zeroAllowed);
    }

    /// <summary>The value a load gives where the map can never change: frozen, and programs only read it.</summary>
    public static unsafe bool TryReadConst(in RegState reg, int off, int size, bool signExtend, out ulong value)
    {
        value = 0;
        BpfMap map = reg.Map!;
        if (!reg.Bounds.IsConst || (map.Definition.Flags & MapFlags.RdonlyProg) == 0 || !map.Frozen || map.Type == BpfMapType.PercpuArray
            || MapRegistry.Traits(map.Type) is not { DirectValue: true })
        {
            return false;
        }

        if (map.DirectValueAddress((uint)(off + (long)reg.Bounds.Tnum.Value), out ulong address) != 0)
            return false;
        void* at = (void*)address;
        value = size switch
        {
            1 => signExtend ? (ulong)(*(sbyte*)at) : *(byte*)at,
            2 => signExtend ? (ulong)(*(short*)at) : *(ushort*)at,
            4 => signExtend ? (ulong)(*(int*)at) : *(uint*)at,
            _ => *(ulong*)at,
        };
        return true;
    }
}
