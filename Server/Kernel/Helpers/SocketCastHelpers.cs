using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Sockets seen as what they are: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SocketCastHelpers
{
    public static readonly HelperProto SkcToTcp6Sock = new(BpfFuncId.SkcToTcp6Sock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        RetTypeName = "tcp6_sock",
    };

    public static readonly HelperProto SkcToTcpSock = new(BpfFuncId.SkcToTcpSock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        RetTypeName = "tcp_sock",
    };

    public static readonly HelperProto SkcToTcpTimewaitSock = new(BpfFuncId.SkcToTcpTimewaitSock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        RetTypeName = "tcp_timewait_sock",
    };

    public static readonly HelperProto SkcToTcpRequestSock = new(BpfFuncId.SkcToTcpRequestSock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        RetTypeName = "tcp_request_sock",
    };

    public static readonly HelperProto SkcToUdp6Sock = new(BpfFuncId.SkcToUdp6Sock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        RetTypeName = "udp6_sock",
    };

    public static readonly HelperProto SkcToUnixSock = new(BpfFuncId.SkcToUnixSock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        RetTypeName = "unix_sock",
    };

    public static readonly HelperProto SkcToMptcpSock = new(BpfFuncId.SkcToMptcpSock, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToSockCommon,
        RetTypeName = "mptcp_sock",
    };

    public static readonly HelperProto SockFromFile = new(BpfFuncId.SockFromFile, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "file",
        RetTypeName = "socket",
    };
}
