using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Packets in and out of a cgroup: 1 lets them pass. As cg_skb_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
internal sealed class CgroupSkbProgram : SkbProgram
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [
        BpfFuncId.SkbLoadBytes, BpfFuncId.GetSocketCookie, BpfFuncId.GetSocketUid, BpfFuncId.SkbLoadBytesRelative, BpfFuncId.SkbCgroupId,
        BpfFuncId.GetLocalStorage, BpfFuncId.SkbAncestorCgroupId, BpfFuncId.SkLookupTcp, BpfFuncId.SkLookupUdp, BpfFuncId.SkRelease,
        BpfFuncId.SkFullsock, BpfFuncId.TcpSock, BpfFuncId.SkbEcnSetCe, BpfFuncId.GetListenerSock, BpfFuncId.SkcLookupTcp, BpfFuncId.SkStorageGet,
        BpfFuncId.SkStorageDelete, BpfFuncId.GetNetnsCookie, BpfFuncId.SkCgroupId, BpfFuncId.SkAncestorCgroupId, BpfFuncId.SkcToTcp6Sock,
        BpfFuncId.SkcToTcpSock, BpfFuncId.SkcToTcpTimewaitSock, BpfFuncId.SkcToTcpRequestSock, BpfFuncId.SkcToUdp6Sock, BpfFuncId.KtimeGetCoarseNs,
        BpfFuncId.SkcToUnixSock, BpfFuncId.SkcToMptcpSock,
    ]);

    public override BpfProgType Type => BpfProgType.CgroupSkb;

    public override bool DirectPacketRead => true;

    public override int CheckAttachType(BpfAttachType type) =>
        type is BpfAttachType.CgroupInetIngress or BpfAttachType.CgroupInetEgress ? 0 : -Errno.EINVAL;

    public override ReturnRange? ReturnValues(ProgramFacts program) =>
        new ReturnRange(0, program.ExpectedAttachType == BpfAttachType.CgroupInetEgress ? 3 : 1);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (SkBuffLayout.In(off, SkBuffLayout.TcClassid, 4) || SkBuffLayout.In(off, SkBuffLayout.DataMeta, 4) || SkBuffLayout.In(off, SkBuffLayout.WireLen, 4))
            return false;
        bool data = SkBuffLayout.In(off, SkBuffLayout.Data, 4) || SkBuffLayout.In(off, SkBuffLayout.DataEnd, 4);
        bool tstamp = SkBuffLayout.In(off, SkBuffLayout.Tstamp, 8);
        if (data && !program.BpfCapable)
            return false;
        if (write && !(SkBuffLayout.In(off, SkBuffLayout.Mark, 4) || SkBuffLayout.In(off, SkBuffLayout.Priority, 4) || SkBuffLayout.IsCb(off) || (tstamp && program.BpfCapable)))
            return false;
        if (data)
            access.Kind = off == SkBuffLayout.Data ? CtxLoad.PacketData : CtxLoad.PacketEnd;
        return SkBuffLayout.IsValid(off, size, write, ref access);
    }

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, Helpers);
}
