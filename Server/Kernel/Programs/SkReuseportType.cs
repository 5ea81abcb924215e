using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Which socket of a reuseport group takes a packet: struct sk_reuseport_md. As sk_reuseport_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class SkReuseportType : UapiContextType
{
    private const int Data = 0;
    private const int DataEnd = 8;
    private const int EthProtocol = 20;
    private const int Hash = 32;
    private const int Sk = 40;
    private const int MigratingSk = 48;
    private const int ContextSize = 56;

    private static readonly HelperTable Helpers = new(
        SocketLookupHelpers.SkSelectReuseport, SkbBytesHelpers.SkbLoadBytes, SkbBytesHelpers.SkbLoadBytesRelative,
        HelperVariants.SocketPointerCookie, TimeHelpers.KtimeGetCoarseNs);

    public override BpfProgType Type => BpfProgType.SkReuseport;

    public override bool DirectPacketRead => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? BaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || !CtxRules.Fits(off, size, ContextSize))
            return false;
        return off switch
        {
            Data => CtxRules.Pointer(ref access, CtxLoad.PacketData, size),
            DataEnd => CtxRules.Pointer(ref access, CtxLoad.PacketEnd, size),
            Sk => CtxRules.Pointer(ref access, CtxLoad.Socket, size),
            MigratingSk => CtxRules.Pointer(ref access, CtxLoad.SockCommonOrNull, size),
            >= EthProtocol and < EthProtocol + 4 => size >= 2 && CtxRules.Narrow(ref access, off, size, 4),
            >= DataEnd + 8 and < Hash => CtxRules.Narrow(ref access, off, size, 4),
            Hash => size == 4,
            _ => false,
        };
    }
}
