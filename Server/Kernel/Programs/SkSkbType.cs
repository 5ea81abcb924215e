using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Stream parsers and verdicts of socket maps. As sk_skb_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class SkSkbType : SkbProgramType
{
    private static readonly HelperTable Helpers = new(
        SkbBytesHelpers.SkbStoreBytes, SkbBytesHelpers.SkbLoadBytes, SkbBytesHelpers.SkbPullData,
        SkbShapeHelpers.SkbChangeTail, SkbShapeHelpers.SkbChangeHead, SkbShapeHelpers.SkbAdjustRoom,
        SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetSocketUid, SockmapHelpers.SkRedirectMap, SockmapHelpers.SkRedirectHash,
        PerfEventOutputHelper.PerfEventOutput,
        SocketLookupHelpers.SkLookupTcp, SocketLookupHelpers.SkLookupUdp, SocketLookupHelpers.SkcLookupTcp, SocketLookupHelpers.SkRelease);

    public override BpfProgType Type => BpfProgType.SkSkb;

    public override ITestRunnable? TestRunner => null;

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (InWord(off, SkBuffLayout.TcClassid) || InWord(off, SkBuffLayout.DataMeta) || CtxRules.In(off, SkBuffLayout.Tstamp, 8)
            || InWord(off, SkBuffLayout.WireLen) || CtxRules.In(off, SkBuffLayout.Hwtstamp, 8) || InWord(off, SkBuffLayout.Mark))
            return false;
        if (write && !(InWord(off, SkBuffLayout.TcIndex) || InWord(off, SkBuffLayout.Priority)))
            return false;
        MarkPacketPointers(off, ref access);
        return IsValidSkbAccess(off, size, write, ref access);
    }
}
