using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Packet bytes that comparisons with the packet's end have shown to be there, as check_packet_access (6.18).</summary>
internal static class PacketAccess
{
    /// <param name="off">Constant offset, that of the register included.</param>
    public static int Check(Walker w, int regno, int off, int size, bool zeroAllowed)
    {
        ref RegState reg = ref w.Regs[regno];
        if (reg.Bounds.SMin < 0)
        {
            w.Log.Write($"R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.\n");
            return -Errno.EACCES;
        }

        // What was added to the pointer before the comparison is part of what the range counts from.
        int error = reg.Range < 0 ? -Errno.EINVAL : MemAccess.CheckFixed(w, regno, off, size, reg.Range, zeroAllowed);
        if (error != 0)
            w.Log.Write($"R{regno} offset is outside of the packet\n");
        return error;
    }
}
