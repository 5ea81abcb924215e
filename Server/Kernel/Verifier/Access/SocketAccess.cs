using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Loads from sockets: struct bpf_sock, its common part, bpf_tcp_sock and bpf_xdp_sock. As check_sock_access in kernel/bpf/verifier.c (6.18).</summary>
internal static class SocketAccess
{
    public static int Check(Walker w, int insnIdx, int regno, int off, int size)
    {
        RegState reg = w.Regs[regno];
        if (reg.Bounds.SMin < 0)
        {
            w.Log.Write($"R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.\n");
            return -Errno.EACCES;
        }

        var access = new Programs.CtxAccess();
        bool valid = reg.Type.Base() switch
        {
            RegType.PtrToSockCommon => SocketLayout.IsValidCommonAccess(off, size, ref access),
            RegType.PtrToSocket => SocketLayout.IsValidAccess(off, size, ref access),
            RegType.PtrToTcpSock => SocketLayout.IsValidTcpAccess(off, size),
            _ => SocketLayout.IsValidXdpAccess(off, size),
        };
        if (valid)
        {
            w.Env.Aux[insnIdx].CtxFieldSize = access.FieldSize;
            return 0;
        }

        w.Log.Write($"R{regno} invalid {reg.Type.Text()} access off={off} size={size}\n");
        return -Errno.EACCES;
    }
}
