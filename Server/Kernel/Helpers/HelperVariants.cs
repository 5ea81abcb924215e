using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// Prototypes that differ from the one in the registry for some program types only: same number, same body, other arguments or conditions. Program types hand them out in
/// <see cref="Programs.ProgramTypeInfo.GetHelper"/>. As the prototypes of net/core/filter.c, kernel/bpf/cgroup.c and kernel/trace/bpf_trace.c, 6.18.
/// </summary>
public static class HelperVariants
{
    /// <summary>bpf_get_cgroup_classid of the current task, for programs without a packet.</summary>
    public static readonly HelperProto CurrentCgroupClassid = new(BpfFuncId.GetCgroupClassid, RetType.Integer);

    /// <summary>bpf_get_socket_cookie of a socket that BTF describes, for tracing programs.</summary>
    public static readonly HelperProto SocketPointerCookie = new(BpfFuncId.GetSocketCookie, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon | ArgType.MaybeNull,
    };

    /// <summary>bpf_setsockopt on a socket rather than a context.</summary>
    public static readonly HelperProto SocketSetsockopt = new(BpfFuncId.Setsockopt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSize,
    };

    /// <summary>bpf_getsockopt on a socket rather than a context.</summary>
    public static readonly HelperProto SocketGetsockopt = new(BpfFuncId.Getsockopt, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg5 = ArgType.ConstSize,
    };

    /// <summary>bpf_get_stackid in perf event programs: of any license.</summary>
    public static readonly HelperProto PerfEventStackid = new(BpfFuncId.GetStackid, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
    };

    /// <summary>bpf_sk_storage_get of the socket that is the context.</summary>
    public static readonly HelperProto ContextStorageGet = new(BpfFuncId.SkStorageGet, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToCtx,
        Arg3 = ArgType.PtrToMapValue | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    /// <summary>bpf_sk_storage_get in tracing programs.</summary>
    public static readonly HelperProto TracingStorageGet = new(BpfFuncId.SkStorageGet, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "sock_common",
        Arg3 = ArgType.PtrToMapValue | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    /// <summary>bpf_sk_storage_delete in tracing programs.</summary>
    public static readonly HelperProto TracingStorageDelete = new(BpfFuncId.SkStorageDelete, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "sock_common",
    };

    /// <summary>The lookup in sockaddr programs: its tuple does not come from a packet.</summary>
    public static readonly HelperProto AddressSkLookupTcp = new(BpfFuncId.SkLookupTcp, RetType.PtrToSocket | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    /// <summary>The lookup in sockaddr programs: its tuple does not come from a packet.</summary>
    public static readonly HelperProto AddressSkLookupUdp = new(BpfFuncId.SkLookupUdp, RetType.PtrToSocket | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    /// <summary>The lookup in sockaddr programs: its tuple does not come from a packet.</summary>
    public static readonly HelperProto AddressSkcLookupTcp = new(BpfFuncId.SkcLookupTcp, RetType.PtrToSockCommon | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    /// <summary>bpf_get_func_ip of kprobe.multi and uprobe.multi programs: of any license.</summary>
    public static readonly HelperProto MultiFuncIp = new(BpfFuncId.GetFuncIp, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    /// <summary>bpf_xdp_get_buff_len in tracing programs.</summary>
    public static readonly HelperProto TracingXdpBuffLen = new(BpfFuncId.XdpGetBuffLen, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "xdp_buff",
    };

    /// <summary>bpf_sk_assign of a lookup: the socket may be null.</summary>
    public static readonly HelperProto LookupSkAssign = new(BpfFuncId.SkAssign, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToSocket | ArgType.MaybeNull,
        Arg3 = ArgType.Anything,
    };
}
