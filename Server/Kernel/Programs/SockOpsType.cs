using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Events of TCP sockets: struct bpf_sock_ops. As sock_ops_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class SockOpsType : UapiContextType
{
    private const int Reply = 4;
    private const int SkTxhash = 164;
    private const int BytesReceived = 168;
    private const int Sk = 184;
    private const int SkbData = 192;
    private const int SkbDataEnd = 200;
    private const int SkbLen = 208;
    private const int SkbTcpFlags = 212;
    private const int SkbHwtstamp = 216;
    private const int ContextSize = 224;

    private static readonly HelperTable Helpers = new(
        SocketOptionHelpers.Setsockopt, SocketOptionHelpers.Getsockopt, SocketOptionHelpers.SockOpsCbFlagsSet,
        SocketOptionHelpers.LoadHdrOpt, SocketOptionHelpers.StoreHdrOpt, SocketOptionHelpers.ReserveHdrOpt,
        SockmapHelpers.SockMapUpdate, SockmapHelpers.SockHashUpdate, SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetNetnsCookie,
        CgroupHelpers.GetLocalStorage, PerfEventOutputHelper.PerfEventOutput, StorageHelpers.SkStorageGet, StorageHelpers.SkStorageDelete,
        SocketLookupHelpers.TcpSock);

    public override BpfProgType Type => BpfProgType.SockOps;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (!CtxRules.Fits(off, size, ContextSize))
            return false;
        if (write)
            return off is Reply or SkTxhash && size == 4;
        if (off == SkbTcpFlags)
            return CtxRules.Narrow(ref access, off, size, 4);
        return off switch
        {
            >= BytesReceived and < Sk or >= SkbHwtstamp => size == 8,
            >= Sk and < SkbData => CtxRules.Pointer(ref access, CtxLoad.SocketOrNull, size),
            >= SkbData and < SkbDataEnd => CtxRules.Pointer(ref access, CtxLoad.PacketData, size),
            >= SkbDataEnd and < SkbLen => CtxRules.Pointer(ref access, CtxLoad.PacketEnd, size),
            _ => size == 4,
        };
    }

    public override ReturnRange? ReturnValues(ProgramFacts program) => new ReturnRange(0, 1);
}
