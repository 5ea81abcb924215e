using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Accesses to memory of a known size: map values and keys, ring buffer records, packets. As check_mem_region_access and __check_mem_access.</summary>
internal static class RegionAccess
{
    /// <summary>BPF_MAX_VAR_OFF.</summary>
    public const long MaxVarOff = 1 << 29;

    /// <summary>The lowest and the highest address that the register allows must both lie inside.</summary>
    public static int Check(Walker w, int regno, int off, int size, uint memSize, bool zeroAllowed)
    {
        ref RegState reg = ref w.Regs[regno];
        long min = reg.Bounds.SMin;
        if (min < 0 && (min == long.MinValue || off + min != (int)(off + min) || off + min < 0))
        {
            w.Log.Write($"R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.\n");
            return -Errno.EACCES;
        }

        int error = CheckAt(w, regno, (int)(min + off), size, memSize, zeroAllowed);
        if (error != 0)
        {
            w.Log.Write($"R{regno} min value is outside of the allowed memory range\n");
            return error;
        }

        if (reg.Bounds.UMax >= MaxVarOff)
        {
            w.Log.Write($"R{regno} unbounded memory access, make sure to bounds check any such access\n");
            return -Errno.EACCES;
        }

        error = CheckAt(w, regno, (int)((long)reg.Bounds.UMax + off), size, memSize, zeroAllowed);
        if (error != 0)
            w.Log.Write($"R{regno} max value is outside of the allowed memory range\n");
        return error;
    }

    /// <summary>[off, off + size) must lie in [0, memSize).</summary>
    public static int CheckAt(Walker w, int regno, int off, int size, uint memSize, bool zeroAllowed)
    {
        bool sizeOk = size > 0 || (size == 0 && zeroAllowed);
        if (off >= 0 && sizeOk && (ulong)off + (ulong)size <= memSize)
            return 0;
        ref RegState reg = ref w.Regs[regno];
        w.Log.Write(reg.Type.Base() switch
        {
            RegType.PtrToMapKey => $"invalid access to map key, key_size={memSize} off={off} size={size}\n",
            RegType.PtrToMapValue => $"invalid access to map value, value_size={memSize} off={off} size={size}\n",
            RegType.PtrToPacket or RegType.PtrToPacketMeta or RegType.PtrToPacketEnd =>
                $"invalid access to packet, off={off} size={size}, R{regno}(id={reg.Id},off={reg.Off},r={(int)memSize})\n",
            _ => $"invalid access to memory, mem_size={memSize} off={off} size={size}\n",
        });
        return -Errno.EACCES;
    }
}
