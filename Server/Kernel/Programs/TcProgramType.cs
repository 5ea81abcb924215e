using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Traffic control: classifiers and actions share everything but their name. As tc_cls_act_verifier_ops in net/core/filter.c, 6.18.</summary>
public abstract class TcProgramType : SkbProgramType
{
    private static readonly HelperTable Helpers = new(
        SkbBytesHelpers.SkbStoreBytes, SkbBytesHelpers.SkbLoadBytes, SkbBytesHelpers.SkbLoadBytesRelative, SkbBytesHelpers.SkbPullData,
        ChecksumHelpers.CsumDiff, ChecksumHelpers.CsumUpdate, ChecksumHelpers.CsumLevel, ChecksumHelpers.L3CsumReplace, ChecksumHelpers.L4CsumReplace,
        RedirectHelpers.CloneRedirect, RedirectHelpers.Redirect, RedirectHelpers.RedirectNeigh, RedirectHelpers.RedirectPeer,
        CgroupHelpers.GetCgroupClassid, CgroupHelpers.SkbCgroupClassid, CgroupHelpers.SkbUnderCgroup, CgroupHelpers.SkbCgroupId, CgroupHelpers.SkbAncestorCgroupId,
        SkbShapeHelpers.SkbVlanPush, SkbShapeHelpers.SkbVlanPop, SkbShapeHelpers.SkbChangeProto, SkbShapeHelpers.SkbChangeType, SkbShapeHelpers.SkbAdjustRoom,
        SkbShapeHelpers.SkbChangeTail, SkbShapeHelpers.SkbChangeHead,
        TunnelHelpers.SkbGetTunnelKey, TunnelHelpers.SkbSetTunnelKey, TunnelHelpers.SkbGetTunnelOpt, TunnelHelpers.SkbSetTunnelOpt,
        SkbMetaHelpers.GetRouteRealm, SkbMetaHelpers.GetHashRecalc, SkbMetaHelpers.SetHashInvalid, SkbMetaHelpers.SetHash, SkbMetaHelpers.SkbGetXfrmState,
        SkbMetaHelpers.SkbEcnSetCe, SkbMetaHelpers.SkbSetTstamp,
        PerfEventOutputHelper.PerfEventOutput,
        SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetSocketUid, SocketInfoHelpers.GetNetnsCookie,
        RouteHelpers.FibLookup, RouteHelpers.CheckMtu,
        StorageHelpers.SkStorageGet, StorageHelpers.SkStorageDelete,
        SocketLookupHelpers.SkFullsock, SocketLookupHelpers.SkLookupTcp, SocketLookupHelpers.SkLookupUdp, SocketLookupHelpers.SkcLookupTcp,
        SocketLookupHelpers.SkRelease, SocketLookupHelpers.TcpSock, SocketLookupHelpers.GetListenerSock, SocketLookupHelpers.SkAssign,
        SyncookieHelpers.TcpCheckSyncookie, SyncookieHelpers.TcpGenSyncookie, SyncookieHelpers.TcpRawGenSyncookieIpv4, SyncookieHelpers.TcpRawGenSyncookieIpv6,
        SyncookieHelpers.TcpRawCheckSyncookieIpv4, SyncookieHelpers.TcpRawCheckSyncookieIpv6);

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    public override bool LegacyPacketLoads => true;

    private protected override bool RunsOnLink => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write && !IsWritable(off))
            return false;
        if (CtxRules.In(off, SkBuffLayout.Family, SkBuffLayout.DataMeta - SkBuffLayout.Family))
            return false;
        if (off == SkBuffLayout.TstampType)
            return size == 1;
        MarkPacketPointers(off, ref access);
        return IsValidSkbAccess(off, size, write, ref access);
    }

    private static bool IsWritable(int off) =>
        InWord(off, SkBuffLayout.Mark) || InWord(off, SkBuffLayout.TcIndex) || InWord(off, SkBuffLayout.Priority) || InWord(off, SkBuffLayout.TcClassid)
        || InCb(off) || CtxRules.In(off, SkBuffLayout.Tstamp, 8) || InWord(off, SkBuffLayout.QueueMapping);
}

/// <summary>Classifiers (tc, tcx, netkit).</summary>
[BpfProgramType]
public sealed class SchedClsType : TcProgramType
{
    public override BpfProgType Type => BpfProgType.SchedCls;
}

/// <summary>Actions.</summary>
[BpfProgramType]
public sealed class SchedActType : TcProgramType
{
    public override BpfProgType Type => BpfProgType.SchedAct;
}
