using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Frames as a driver received them. As xdp_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class XdpType : ProgramTypeInfo
{
    private static readonly HelperTable Helpers = new(
        PerfEventOutputHelper.PerfEventOutput, ChecksumHelpers.CsumDiff,
        XdpHelpers.XdpAdjustHead, XdpHelpers.XdpAdjustMeta, XdpHelpers.XdpAdjustTail, XdpHelpers.XdpGetBuffLen, XdpHelpers.XdpLoadBytes, XdpHelpers.XdpStoreBytes,
        RedirectHelpers.Redirect, RedirectHelpers.RedirectMap,
        RouteHelpers.FibLookup, RouteHelpers.CheckMtu,
        SocketLookupHelpers.SkLookupTcp, SocketLookupHelpers.SkLookupUdp, SocketLookupHelpers.SkcLookupTcp, SocketLookupHelpers.SkRelease,
        SyncookieHelpers.TcpCheckSyncookie, SyncookieHelpers.TcpGenSyncookie, SyncookieHelpers.TcpRawGenSyncookieIpv4, SyncookieHelpers.TcpRawGenSyncookieIpv6,
        SyncookieHelpers.TcpRawCheckSyncookieIpv4, SyncookieHelpers.TcpRawCheckSyncookieIpv6);

    private readonly XdpTestRun _runner = new();

    public override BpfProgType Type => BpfProgType.Xdp;

    public override ITestRunnable? TestRunner => _runner;

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (off == XdpBuffLayout.EgressIfindex && program.ExpectedAttachType != BpfAttachType.XdpDevmap)
            return false;
        if (write)
            return false;
        access.Kind = off switch
        {
            XdpBuffLayout.Data => CtxLoad.PacketData,
            XdpBuffLayout.DataEnd => CtxLoad.PacketEnd,
            XdpBuffLayout.DataMeta => CtxLoad.PacketMeta,
            _ => CtxLoad.Scalar,
        };
        if (access.Kind != CtxLoad.Scalar && access.IsLdsx)
            return false;
        return CtxRules.Fits(off, size, XdpBuffLayout.UapiSize) && size == 4;
    }

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize) =>
        XdpBuffLayout.Convert(insn, output, out targetSize);
}
