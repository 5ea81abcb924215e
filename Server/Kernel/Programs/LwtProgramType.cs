using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Lightweight tunnels: programs of routes. As lwt_*_verifier_ops in net/core/filter.c, 6.18.</summary>
public abstract class LwtProgramType : SkbProgramType
{
    private static readonly HelperTable Common = new(
        SkbBytesHelpers.SkbLoadBytes, SkbBytesHelpers.SkbPullData, ChecksumHelpers.CsumDiff, SkbMetaHelpers.GetRouteRealm, SkbMetaHelpers.GetHashRecalc,
        CgroupHelpers.SkbUnderCgroup, PerfEventOutputHelper.PerfEventOutput);

    public override bool DirectPacketRead => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Own(id) ?? Common.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (InWord(off, SkBuffLayout.TcClassid) || InWord(off, SkBuffLayout.DataMeta) || CtxRules.In(off, SkBuffLayout.Tstamp, 8)
            || CtxRules.In(off, SkBuffLayout.Family, SkBuffLayout.DataMeta - SkBuffLayout.Family)
            || InWord(off, SkBuffLayout.WireLen) || CtxRules.In(off, SkBuffLayout.Hwtstamp, 8))
            return false;
        if (write && !(InWord(off, SkBuffLayout.Mark) || InWord(off, SkBuffLayout.Priority) || InCb(off)))
            return false;
        MarkPacketPointers(off, ref access);
        return IsValidSkbAccess(off, size, write, ref access);
    }

    /// <summary>Helpers that only this one has.</summary>
    private protected virtual HelperProto? Own(BpfFuncId id) => null;
}

/// <summary>Packets that arrive at a route.</summary>
[BpfProgramType]
public sealed class LwtInType : LwtProgramType
{
    public override BpfProgType Type => BpfProgType.LwtIn;

    private protected override HelperProto? Own(BpfFuncId id) => id == BpfFuncId.LwtPushEncap ? LwtHelpers.LwtPushEncap : null;
}

/// <summary>Packets that leave by a route.</summary>
[BpfProgramType]
public sealed class LwtOutType : LwtProgramType
{
    public override BpfProgType Type => BpfProgType.LwtOut;
}

/// <summary>Packets about to be sent: may be written and redirected.</summary>
[BpfProgramType]
public sealed class LwtXmitType : LwtProgramType
{
    private static readonly HelperTable Helpers = new(
        TunnelHelpers.SkbGetTunnelKey, TunnelHelpers.SkbSetTunnelKey, TunnelHelpers.SkbGetTunnelOpt, TunnelHelpers.SkbSetTunnelOpt,
        RedirectHelpers.Redirect, RedirectHelpers.CloneRedirect, SkbShapeHelpers.SkbChangeTail, SkbShapeHelpers.SkbChangeHead, SkbBytesHelpers.SkbStoreBytes,
        ChecksumHelpers.CsumUpdate, ChecksumHelpers.CsumLevel, ChecksumHelpers.L3CsumReplace, ChecksumHelpers.L4CsumReplace,
        SkbMetaHelpers.SetHashInvalid, LwtHelpers.LwtPushEncap);

    public override BpfProgType Type => BpfProgType.LwtXmit;

    public override bool DirectPacketWrite => true;

    private protected override HelperProto? Own(BpfFuncId id) => Helpers.Find(id);
}

/// <summary>Segment routing: local actions.</summary>
[BpfProgramType]
public sealed class LwtSeg6LocalType : LwtProgramType
{
    private static readonly HelperTable Helpers = new(LwtHelpers.LwtSeg6StoreBytes, LwtHelpers.LwtSeg6Action, LwtHelpers.LwtSeg6AdjustSrh);

    public override BpfProgType Type => BpfProgType.LwtSeg6local;

    private protected override HelperProto? Own(BpfFuncId id) => Helpers.Find(id);
}
