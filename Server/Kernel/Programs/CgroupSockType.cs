using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Sockets of a cgroup made, bound and closed: struct bpf_sock. As cg_sock_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class CgroupSockType : UapiContextType
{
    private static readonly HelperTable Helpers = new(
        SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetNetnsCookie, CgroupHelpers.GetLocalStorage, CgroupHelpers.GetRetval, CgroupHelpers.SetRetval,
        PerfEventOutputHelper.PerfEventOutput, HelperVariants.ContextStorageGet, TimeHelpers.KtimeGetCoarseNs);

    public override BpfProgType Type => BpfProgType.CgroupSock;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? BaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        SocketLayout.IsValidAccess(off, size, ref access) && AttachAllows(off, write, program.ExpectedAttachType);

    public override ReturnRange? ReturnValues(ProgramFacts program) => new ReturnRange(0, 1);

    // __sock_filter_check_attach_type
    private static bool AttachAllows(int off, bool write, BpfAttachType type) => off switch
    {
        SocketLayout.BoundDevIf or SocketLayout.Mark or SocketLayout.Priority =>
            type is BpfAttachType.CgroupInetSockCreate or BpfAttachType.CgroupInetSockRelease,
        >= SocketLayout.SrcIp4 and < SocketLayout.SrcIp6 => !write && type == BpfAttachType.CgroupInet4PostBind,
        >= SocketLayout.SrcIp6 and < SocketLayout.SrcPort => !write && type == BpfAttachType.CgroupInet6PostBind,
        >= SocketLayout.SrcPort and < SocketLayout.DstPort =>
            !write && type is BpfAttachType.CgroupInet4PostBind or BpfAttachType.CgroupInet6PostBind,
        _ => !write,
    };
}
