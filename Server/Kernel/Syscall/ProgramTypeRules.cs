using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>What PROG_LOAD asks of the loader and of expected_attach_type by program type, as in kernel/bpf/syscall.c, 6.18.</summary>
internal static class ProgramTypeRules
{
    /// <summary>EPERM, negated, where the task may not load such programs at all; 0 otherwise.</summary>
    public static int CheckCapabilities(BpfProgType type, BpfTask task)
    {
        if (type is not (BpfProgType.SocketFilter or BpfProgType.CgroupSkb) && !task.BpfCapable)
            return -Errno.EPERM;
        if (NeedsNetAdmin(type) && !task.NetAdminCapable)
            return -Errno.EPERM;
        return NeedsPerfmon(type) && !task.PerfmonCapable ? -Errno.EPERM : 0;
    }

    /// <summary>bpf_prog_load_fixup_attach_type: what a missing expected_attach_type means.</summary>
    public static BpfAttachType Fixup(BpfProgType type, BpfAttachType expected) => (type, expected) switch
    {
        (BpfProgType.CgroupSock, 0) => BpfAttachType.CgroupInetSockCreate,
        (BpfProgType.SkReuseport, 0) => BpfAttachType.SkReuseportSelect,
        _ => expected,
    };

    /// <summary>bpf_prog_load_check_attach: 0 or EINVAL, negated.</summary>
    public static int CheckAttach(BpfProgType type, BpfAttachType expected, uint attachBtfId, bool hasAttachBtf, bool hasTarget)
    {
        const uint MaxBtfType = 0x000f_ffff;
        if (attachBtfId != 0)
        {
            bool takesBtf = type is BpfProgType.Tracing or BpfProgType.Lsm or BpfProgType.StructOps or BpfProgType.Ext;
            if (attachBtfId > MaxBtfType || (!hasAttachBtf && !hasTarget) || !takesBtf)
                return -Errno.EINVAL;
        }

        if (hasAttachBtf && (attachBtfId == 0 || hasTarget))
            return -Errno.EINVAL;
        if (hasTarget && type is not (BpfProgType.Tracing or BpfProgType.Ext))
            return -Errno.EINVAL;
        return Allows(type, expected) ? 0 : -Errno.EINVAL;
    }

    private static bool Allows(BpfProgType type, BpfAttachType expected) => type switch
    {
        BpfProgType.CgroupSock => expected is BpfAttachType.CgroupInetSockCreate or BpfAttachType.CgroupInetSockRelease
            or BpfAttachType.CgroupInet4PostBind or BpfAttachType.CgroupInet6PostBind,
        BpfProgType.CgroupSockAddr => expected is BpfAttachType.CgroupInet4Bind or BpfAttachType.CgroupInet6Bind or BpfAttachType.CgroupInet4Connect
            or BpfAttachType.CgroupInet6Connect or BpfAttachType.CgroupUnixConnect or BpfAttachType.CgroupInet4Getpeername
            or BpfAttachType.CgroupInet6Getpeername or BpfAttachType.CgroupUnixGetpeername or BpfAttachType.CgroupInet4Getsockname
            or BpfAttachType.CgroupInet6Getsockname or BpfAttachType.CgroupUnixGetsockname or BpfAttachType.CgroupUdp4Sendmsg
            or BpfAttachType.CgroupUdp6Sendmsg or BpfAttachType.CgroupUnixSendmsg or BpfAttachType.CgroupUdp4Recvmsg
            or BpfAttachType.CgroupUdp6Recvmsg or BpfAttachType.CgroupUnixRecvmsg,
        BpfProgType.CgroupSkb => expected is BpfAttachType.CgroupInetIngress or BpfAttachType.CgroupInetEgress,
        BpfProgType.CgroupSockopt => expected is BpfAttachType.CgroupSetsockopt or BpfAttachType.CgroupGetsockopt,
        BpfProgType.SkLookup => expected == BpfAttachType.SkLookup,
        BpfProgType.SkReuseport => expected is BpfAttachType.SkReuseportSelect or BpfAttachType.SkReuseportSelectOrMigrate,
        BpfProgType.Netfilter => expected == BpfAttachType.Netfilter,
        BpfProgType.Syscall or BpfProgType.Ext => expected == 0,
        _ => true,
    };

    // is_net_admin_prog_type
    private static bool NeedsNetAdmin(BpfProgType type) => type is BpfProgType.SchedCls or BpfProgType.SchedAct or BpfProgType.Xdp or BpfProgType.LwtIn
        or BpfProgType.LwtOut or BpfProgType.LwtXmit or BpfProgType.LwtSeg6local or BpfProgType.SkSkb or BpfProgType.SkMsg or BpfProgType.FlowDissector
        or BpfProgType.CgroupDevice or BpfProgType.CgroupSock or BpfProgType.CgroupSockAddr or BpfProgType.CgroupSockopt or BpfProgType.CgroupSysctl
        or BpfProgType.SockOps or BpfProgType.Ext or BpfProgType.Netfilter;

    // is_perfmon_prog_type
    private static bool NeedsPerfmon(BpfProgType type) => type is BpfProgType.Kprobe or BpfProgType.Tracepoint or BpfProgType.PerfEvent
        or BpfProgType.RawTracepoint or BpfProgType.RawTracepointWritable or BpfProgType.Tracing or BpfProgType.Lsm or BpfProgType.StructOps
        or BpfProgType.Ext;
}
