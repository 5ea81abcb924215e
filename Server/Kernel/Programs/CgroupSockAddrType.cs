using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Addresses that sockets of a cgroup bind, connect and send to: struct bpf_sock_addr. As cg_sock_addr_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class CgroupSockAddrType : UapiContextType
{
    private const int UserIp4 = 4;
    private const int UserIp6 = 8;
    private const int UserPort = 24;
    private const int MsgSrcIp4 = 40;
    private const int MsgSrcIp6 = 44;
    private const int Ip6Bytes = 16;
    private const int Sk = 64;
    private const int ContextSize = 72;

    private static readonly HelperTable Helpers = new(
        SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetNetnsCookie, CgroupHelpers.GetLocalStorage, PerfEventOutputHelper.PerfEventOutput,
        HelperVariants.AddressSkLookupTcp, HelperVariants.AddressSkLookupUdp, HelperVariants.AddressSkcLookupTcp, SocketLookupHelpers.SkRelease,
        StorageHelpers.SkStorageGet, StorageHelpers.SkStorageDelete, SocketOptionHelpers.Setsockopt, SocketOptionHelpers.Getsockopt);

    public override BpfProgType Type => BpfProgType.CgroupSockAddr;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program)
    {
        switch (id)
        {
            case BpfFuncId.Bind when program.ExpectedAttachType is BpfAttachType.CgroupInet4Connect or BpfAttachType.CgroupInet6Connect:
                return SocketOptionHelpers.Bind;
            case BpfFuncId.GetRetval when !AnswersOne(program.ExpectedAttachType):
                return CgroupHelpers.GetRetval;
            case BpfFuncId.SetRetval when !AnswersOne(program.ExpectedAttachType):
                return CgroupHelpers.SetRetval;
            default:
                return Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);
        }
    }

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (!CtxRules.Fits(off, size, ContextSize) || !AttachAllows(off, program.ExpectedAttachType))
            return false;
        if (off >= Sk)
            return !write && CtxRules.Pointer(ref access, CtxLoad.Socket, size);
        bool address = off is >= UserIp4 and < UserPort + 4 or >= MsgSrcIp4 and < MsgSrcIp6 + Ip6Bytes;
        if (!address)
            return !write && off < MsgSrcIp6 + Ip6Bytes && size == 4;
        if (!write)
            access.FieldSize = 4;
        if (CtxRules.WideOk(off, size, UserIp6, Ip6Bytes) || CtxRules.WideOk(off, size, MsgSrcIp6, Ip6Bytes))
            return true;
        return write ? size == 4 : CtxRules.NarrowOk(off, size, 4);
    }

    /// <summary>What happens after the fact must be answered with 1; programs at bind may also answer 2 and 3 (and ask for a privileged port).</summary>
    public override ReturnRange? ReturnValues(ProgramFacts program)
    {
        if (AnswersOne(program.ExpectedAttachType))
            return new ReturnRange(1, 1);
        bool binds = program.ExpectedAttachType is BpfAttachType.CgroupInet4Bind or BpfAttachType.CgroupInet6Bind;
        return new ReturnRange(0, binds ? 3 : 1);
    }

    private static bool AnswersOne(BpfAttachType type) => type is BpfAttachType.CgroupUdp4Recvmsg or BpfAttachType.CgroupUdp6Recvmsg
        or BpfAttachType.CgroupUnixRecvmsg or BpfAttachType.CgroupInet4Getpeername or BpfAttachType.CgroupInet6Getpeername
        or BpfAttachType.CgroupUnixGetpeername or BpfAttachType.CgroupInet4Getsockname or BpfAttachType.CgroupInet6Getsockname
        or BpfAttachType.CgroupUnixGetsockname;

    // Addresses of one family are there for hooks of that family only, source addresses for sendmsg only.
    private static bool AttachAllows(int off, BpfAttachType type) => off switch
    {
        >= UserIp4 and < UserIp4 + 4 => type is BpfAttachType.CgroupInet4Bind or BpfAttachType.CgroupInet4Connect or BpfAttachType.CgroupInet4Getpeername
            or BpfAttachType.CgroupInet4Getsockname or BpfAttachType.CgroupUdp4Sendmsg or BpfAttachType.CgroupUdp4Recvmsg,
        >= UserIp6 and < UserIp6 + Ip6Bytes => type is BpfAttachType.CgroupInet6Bind or BpfAttachType.CgroupInet6Connect
            or BpfAttachType.CgroupInet6Getpeername or BpfAttachType.CgroupInet6Getsockname or BpfAttachType.CgroupUdp6Sendmsg
            or BpfAttachType.CgroupUdp6Recvmsg,
        >= MsgSrcIp4 and < MsgSrcIp4 + 4 => type == BpfAttachType.CgroupUdp4Sendmsg,
        >= MsgSrcIp6 and < MsgSrcIp6 + Ip6Bytes => type == BpfAttachType.CgroupUdp6Sendmsg,
        _ => true,
    };
}
