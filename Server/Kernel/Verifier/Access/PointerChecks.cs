using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Rules on pointers themselves: alignment, and pointers that must not have been moved.</summary>
internal static class PointerChecks
{
    /// <summary>NET_IP_ALIGN as the verifier assumes it.</summary>
    private const int IpAlign = 2;

    /// <summary>As check_ptr_alignment in kernel/bpf/verifier.c, 6.18.</summary>
    public static int CheckAlignment(Walker w, in RegState reg, int off, int size, bool strictOnce)
    {
        bool strict = w.StrictAlignment || strictOnce;
        if (reg.Type is RegType.PtrToPacket or RegType.PtrToPacketMeta)
        {
            if (!strict || size == 1 || (reg.Bounds.Tnum + Tnum.Const((ulong)(IpAlign + reg.Off + off))).IsAligned((ulong)size))
                return 0;
            w.Log.Write($"misaligned packet access off {IpAlign}+{reg.Bounds.Tnum}+{reg.Off}+{off} size {size}\n");
            return -Errno.EACCES;
        }

        // Spills are tracked in whole slots: the stack is always strict.
        strict |= reg.Type == RegType.PtrToStack;
        if (reg.Type == RegType.PtrToArena || !strict || size == 1 || (reg.Bounds.Tnum + Tnum.Const((ulong)(reg.Off + off))).IsAligned((ulong)size))
            return 0;
        w.Log.Write($"misaligned {KindName(reg.Type)}access off {reg.Bounds.Tnum}+{reg.Off}+{off} size {size}\n");
        return -Errno.EACCES;
    }

    /// <summary>A context (or socket) pointer must be as it was given: no offset (__check_ptr_off_reg).</summary>
    public static int CheckUnmoved(Walker w, in RegState reg, int regno, bool fixedOffsetOk = false)
    {
        string kind = reg.Type.Text();
        if (reg.Off < 0)
        {
            w.Log.Write($"negative offset {kind} ptr R{regno} off={reg.Off} disallowed\n");
            return -Errno.EACCES;
        }

        if (!fixedOffsetOk && reg.Off != 0)
        {
            w.Log.Write($"dereference of modified {kind} ptr R{regno} off={reg.Off} disallowed\n");
            return -Errno.EACCES;
        }

        if (!reg.Bounds.Tnum.IsConst || reg.Bounds.Tnum.Value != 0)
        {
            w.Log.Write($"variable {kind} access var_off={reg.Bounds.Tnum} disallowed\n");
            return -Errno.EACCES;
        }

        return 0;
    }

    public static int CheckCtxReg(Walker w, int regno) => CheckUnmoved(w, w.Regs[regno], regno);

    private static string KindName(RegType type) => type switch
    {
        RegType.PtrToStack => "stack ",
        RegType.PtrToFlowKeys => "flow keys ",
        RegType.PtrToMapKey => "key ",
        RegType.PtrToMapValue => "value ",
        RegType.PtrToCtx => "context ",
        RegType.PtrToSocket => "sock ",
        RegType.PtrToSockCommon => "sock_common ",
        RegType.PtrToTcpSock => "tcp_sock ",
        RegType.PtrToXdpSock => "xdp_sock ",
        _ => "",
    };
}
