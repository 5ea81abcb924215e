using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Packets as a driver receives them: R0 is an XDP action. As xdp_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
internal sealed class XdpProgram : ProgramTypeInfo
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [
        BpfFuncId.Redirect, BpfFuncId.CsumDiff, BpfFuncId.XdpAdjustHead, BpfFuncId.RedirectMap, BpfFuncId.XdpAdjustMeta, BpfFuncId.XdpAdjustTail,
        BpfFuncId.FibLookup, BpfFuncId.SkLookupTcp, BpfFuncId.SkLookupUdp, BpfFuncId.SkRelease, BpfFuncId.SkcLookupTcp, BpfFuncId.TcpCheckSyncookie,
        BpfFuncId.TcpGenSyncookie, BpfFuncId.SkcToTcp6Sock, BpfFuncId.SkcToTcpSock, BpfFuncId.SkcToTcpTimewaitSock, BpfFuncId.SkcToTcpRequestSock,
        BpfFuncId.SkcToUdp6Sock, BpfFuncId.KtimeGetCoarseNs, BpfFuncId.CheckMtu, BpfFuncId.SkcToUnixSock, BpfFuncId.XdpGetBuffLen,
        BpfFuncId.XdpLoadBytes, BpfFuncId.XdpStoreBytes, BpfFuncId.SkcToMptcpSock, BpfFuncId.TcpRawGenSyncookieIpv4,
        BpfFuncId.TcpRawGenSyncookieIpv6, BpfFuncId.TcpRawCheckSyncookieIpv4, BpfFuncId.TcpRawCheckSyncookieIpv6,
    ]);

    private readonly XdpTestRun _runner = new();

    public override BpfProgType Type => BpfProgType.Xdp;

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    public override ITestRunnable? TestRunner => _runner;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, Helpers);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || off < 0 || off >= XdpLayout.MdSize || off % size != 0 || size != 4)
            return false;
        if (off == XdpLayout.EgressIfindex && program.ExpectedAttachType != BpfAttachType.XdpDevmap)
            return false;
        access.Kind = off switch
        {
            XdpLayout.Data => CtxLoad.PacketData,
            XdpLayout.DataMeta => CtxLoad.PacketMeta,
            XdpLayout.DataEnd => CtxLoad.PacketEnd,
            _ => CtxLoad.Scalar,
        };
        return access.Kind == CtxLoad.Scalar || !access.IsLdsx;
    }

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 4;
        int pointer = XdpLayout.PointerOf(insn.Off);
        output[0] = pointer == 0 ? insn : new Insn(Op.Ldx | Op.Mem | Op.DW, insn.Dst, insn.Src, pointer, 0);
        return 1;
    }
}
