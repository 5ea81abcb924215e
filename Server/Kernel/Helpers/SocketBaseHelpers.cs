using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Helpers;

/// <summary>What networking programs have beside <see cref="BaseHelpers"/>, as bpf_sk_base_func_proto in net/core/filter.c, 6.18: the casts of sockets need CAP_PERFMON.</summary>
public static class SocketBaseHelpers
{
    private static readonly HelperTable Casts = new(
        SocketCastHelpers.SkcToTcp6Sock, SocketCastHelpers.SkcToTcpSock, SocketCastHelpers.SkcToTcpTimewaitSock, SocketCastHelpers.SkcToTcpRequestSock,
        SocketCastHelpers.SkcToUdp6Sock, SocketCastHelpers.SkcToUnixSock, SocketCastHelpers.SkcToMptcpSock);

    /// <summary>The prototype, or null where the program may not call it.</summary>
    public static HelperProto? Find(BpfFuncId id, ProgramFacts program)
    {
        if (Casts.Find(id) is { } cast)
            return program.PerfmonCapable ? cast : null;
        return id == BpfFuncId.KtimeGetCoarseNs ? TimeHelpers.KtimeGetCoarseNs : BaseHelpers.Find(id, program);
    }
}
