using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Accesses to packet data: only as far as a comparison with the packet's end has proven (check_packet_access).</summary>
internal static class PacketAccess
{
    public static int Check(Walker w, int regno, int off, int size, bool zeroAllowed)
    {
        ref RegState reg = ref w.Regs[regno];
        if (reg.Bounds.SMin < 0)
        {
            w.Log.Write($"R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.\n");
            return -Errno.EACCES;
        }

        int error = reg.Range < 0 ? -Errno.EINVAL : RegionAccess.CheckAt(w, regno, off, size, (uint)reg.Range, zeroAllowed);
        if (error != 0)
            w.Log.Write($"R{regno} offset is outside of the packet\n");
        return error;
    }
}
