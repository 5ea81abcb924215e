using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>SYN cookies: prototypes of net/core/filter.c and net/ipv4/bpf_tcp_ca.c, 6.18.</summary>
[BpfHelpers]
public static class SyncookieHelpers
{
    public static readonly HelperProto TcpCheckSyncookie = new(BpfFuncId.TcpCheckSyncookie, RetType.Integer)
    {
        GplOnly = true,
        PktAccess = true,
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSize,
    };

    public static readonly HelperProto TcpGenSyncookie = new(BpfFuncId.TcpGenSyncookie, RetType.Integer)
    {
        GplOnly = true,
        PktAccess = true,
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSize,
    };

    public static readonly HelperProto TcpRawGenSyncookieIpv4 = new(BpfFuncId.TcpRawGenSyncookieIpv4, RetType.Integer)
    {
        GplOnly = true,
        PktAccess = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly | ArgType.FixedSizeMem,
        Arg1Size = 20,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto TcpRawGenSyncookieIpv6 = new(BpfFuncId.TcpRawGenSyncookieIpv6, RetType.Integer)
    {
        GplOnly = true,
        PktAccess = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly | ArgType.FixedSizeMem,
        Arg1Size = 40,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto TcpRawCheckSyncookieIpv4 = new(BpfFuncId.TcpRawCheckSyncookieIpv4, RetType.Integer)
    {
        GplOnly = true,
        PktAccess = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly | ArgType.FixedSizeMem,
        Arg1Size = 20,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly | ArgType.FixedSizeMem,
        Arg2Size = 20,
    };

    public static readonly HelperProto TcpRawCheckSyncookieIpv6 = new(BpfFuncId.TcpRawCheckSyncookieIpv6, RetType.Integer)
    {
        GplOnly = true,
        PktAccess = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly | ArgType.FixedSizeMem,
        Arg1Size = 40,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly | ArgType.FixedSizeMem,
        Arg2Size = 20,
    };

    public static readonly HelperProto TcpSendAck = new(BpfFuncId.TcpSendAck, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "tcp_sock",
        Arg2 = ArgType.Anything,
    };
}
