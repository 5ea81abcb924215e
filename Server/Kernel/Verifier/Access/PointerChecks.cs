using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>What must hold of a pointer before it is used: offset and alignment. As check_ptr_off_reg and check_ptr_alignment (6.18).</summary>
internal static class PointerChecks
{
    // Packets start two bytes off where accesses must be aligned (NET_IP_ALIGN).
    private const int PacketAlign = 2;

    /// <summary>The pointer is as it was given, without any offset.</summary>
    public static int CheckCtxReg(Walker w, int regno)
    {
        ref RegState reg = ref w.Regs[regno];
        string type = reg.Type.Text();
        if (reg.Off < 0)
            return Refuse(w, $"negative offset {type} ptr R{regno} off={reg.Off} disallowed\n");
        if (reg.Off != 0)
            return Refuse(w, $"dereference of modified {type} ptr R{regno} off={reg.Off} disallowed\n");
        Tnum offset = reg.Bounds.Tnum;
        return offset is { IsConst: true, Value: 0 } ? 0 : Refuse(w, $"variable {type} access var_off={offset} disallowed\n");
    }

    /// <summary>The access is aligned, where it must be: on the stack, and everywhere for programs that ask for it.</summary>
    public static int CheckAlignment(Walker w, int regno, int off, int size, bool strictOnce)
    {
        ref RegState reg = ref w.Regs[regno];
        bool strict = w.StrictAlignment || strictOnce || reg.Type == RegType.PtrToStack;
        if (!strict || size == 1 || reg.Type == RegType.PtrToArena)
            return 0;
        Tnum variable = reg.Bounds.Tnum;
        if (reg.Type.IsPacket())
        {
            return (variable + Tnum.Const((ulong)(PacketAlign + reg.Off + off))).IsAligned((ulong)size)
                ? 0
                : Refuse(w, $"misaligned packet access off {PacketAlign}+{Text(variable)}+{reg.Off}+{off} size {size}\n");
        }

        if ((variable + Tnum.Const((ulong)(reg.Off + off))).IsAligned((ulong)size))
            return 0;
        string what = reg.Type switch
        {
            RegType.PtrToFlowKeys => "flow keys ",
            RegType.PtrToMapKey => "key ",
            RegType.PtrToMapValue => "value ",
            RegType.PtrToCtx => "context ",
            RegType.PtrToStack => "stack ",
            RegType.PtrToSocket => "sock ",
            RegType.PtrToSockCommon => "sock_common ",
            RegType.PtrToTcpSock => "tcp_sock ",
            RegType.PtrToXdpSock => "xdp_sock ",
            _ => "",
        };
        return Refuse(w, $"misaligned {what}access off {Text(variable)}+{reg.Off}+{off} size {size}\n");
    }

    /// <summary>A known offset as a number.</summary>
    private static string Text(Tnum variable) => variable.IsConst ? $"{(long)variable.Value}" : variable.ToString();

    private static int Refuse(Walker w, string message)
    {
        w.Log.Write(message);
        return -Errno.EACCES;
    }
}
