using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Actions of traffic control. As tc_cls_act_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
internal sealed class SchedActProgram : SkbProgram
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [
        BpfFuncId.SkbStoreBytes, BpfFuncId.L3CsumReplace, BpfFuncId.L4CsumReplace, BpfFuncId.CloneRedirect, BpfFuncId.SkbVlanPush,
        BpfFuncId.SkbVlanPop, BpfFuncId.SkbGetTunnelKey, BpfFuncId.SkbSetTunnelKey, BpfFuncId.Redirect, BpfFuncId.GetRouteRealm,
        BpfFuncId.SkbLoadBytes, BpfFuncId.CsumDiff, BpfFuncId.SkbGetTunnelOpt, BpfFuncId.SkbSetTunnelOpt, BpfFuncId.SkbChangeProto,
        BpfFuncId.SkbChangeType, BpfFuncId.SkbUnderCgroup, BpfFuncId.GetHashRecalc, BpfFuncId.SkbChangeTail, BpfFuncId.SkbPullData,
        BpfFuncId.CsumUpdate, BpfFuncId.SetHashInvalid, BpfFuncId.SkbChangeHead, BpfFuncId.GetSocketCookie, BpfFuncId.GetSocketUid,
        BpfFuncId.SetHash, BpfFuncId.SkbAdjustRoom, BpfFuncId.SkbGetXfrmState, BpfFuncId.SkbLoadBytesRelative, BpfFuncId.FibLookup,
        BpfFuncId.SkbCgroupId, BpfFuncId.SkbAncestorCgroupId, BpfFuncId.SkLookupTcp, BpfFuncId.SkLookupUdp, BpfFuncId.SkRelease,
        BpfFuncId.SkFullsock, BpfFuncId.TcpSock, BpfFuncId.SkbEcnSetCe, BpfFuncId.GetListenerSock, BpfFuncId.SkcLookupTcp,
        BpfFuncId.TcpCheckSyncookie, BpfFuncId.SkStorageGet, BpfFuncId.SkStorageDelete, BpfFuncId.TcpGenSyncookie, BpfFuncId.GetNetnsCookie,
        BpfFuncId.SkAssign, BpfFuncId.CsumLevel, BpfFuncId.SkcToTcp6Sock, BpfFuncId.SkcToTcpSock, BpfFuncId.SkcToTcpTimewaitSock,
        BpfFuncId.SkcToTcpRequestSock, BpfFuncId.SkcToUdp6Sock, BpfFuncId.SkbCgroupClassid, BpfFuncId.RedirectNeigh, BpfFuncId.RedirectPeer,
        BpfFuncId.KtimeGetCoarseNs, BpfFuncId.CheckMtu, BpfFuncId.SkcToUnixSock, BpfFuncId.SkbSetTstamp, BpfFuncId.SkcToMptcpSock,
        BpfFuncId.TcpRawGenSyncookieIpv4, BpfFuncId.TcpRawGenSyncookieIpv6, BpfFuncId.TcpRawCheckSyncookieIpv4, BpfFuncId.TcpRawCheckSyncookieIpv6,
    ]);

    public override BpfProgType Type => BpfProgType.SchedAct;

    public override bool LegacyPacketLoads => true;

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    protected override bool RunsOnLink => true;

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        SkBuffLayout.IsValidForTrafficControl(off, size, write, ref access);

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, Helpers);
}
