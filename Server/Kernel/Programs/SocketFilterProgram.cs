using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Filters of sockets: R0 is how many bytes to keep. As sk_filter_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
internal sealed class SocketFilterProgram : SkbProgram
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [
        BpfFuncId.SkbLoadBytes, BpfFuncId.GetSocketCookie, BpfFuncId.GetSocketUid, BpfFuncId.SkbLoadBytesRelative, BpfFuncId.GetNetnsCookie,
        BpfFuncId.SkcToTcp6Sock, BpfFuncId.SkcToTcpSock, BpfFuncId.SkcToTcpTimewaitSock, BpfFuncId.SkcToTcpRequestSock, BpfFuncId.SkcToUdp6Sock,
        BpfFuncId.KtimeGetCoarseNs, BpfFuncId.SkcToUnixSock, BpfFuncId.SkcToMptcpSock,
    ]);

    public override BpfProgType Type => BpfProgType.SocketFilter;

    public override bool LegacyPacketLoads => true;

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (SkBuffLayout.In(off, SkBuffLayout.TcClassid, 4) || SkBuffLayout.IsData(off) || SkBuffLayout.IsAddress(off)
            || SkBuffLayout.In(off, SkBuffLayout.Tstamp, 8) || SkBuffLayout.In(off, SkBuffLayout.WireLen, 4) || SkBuffLayout.In(off, SkBuffLayout.HwTstamp, 8))
            return false;
        if (write && !SkBuffLayout.IsCb(off))
            return false;
        return SkBuffLayout.IsValid(off, size, write, ref access);
    }

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, Helpers);
}
