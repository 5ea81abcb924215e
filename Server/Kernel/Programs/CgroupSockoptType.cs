using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Socket options set and read in a cgroup: struct bpf_sockopt. As cg_sockopt_verifier_ops in kernel/bpf/cgroup.c, 6.18.</summary>
[BpfProgramType]
public sealed class CgroupSockoptType : UapiContextType
{
    private const int OptVal = 8;
    private const int OptValEnd = 16;
    private const int Level = 24;
    private const int OptName = 28;
    private const int OptLen = 32;
    private const int RetVal = 36;
    private const int ContextSize = 40;

    private static readonly HelperTable Helpers = new(
        CgroupHelpers.GetLocalStorage, CgroupHelpers.GetRetval, CgroupHelpers.SetRetval, PerfEventOutputHelper.PerfEventOutput,
        SocketInfoHelpers.GetNetnsCookie, StorageHelpers.SkStorageGet, StorageHelpers.SkStorageDelete, SocketLookupHelpers.TcpSock);

    public override BpfProgType Type => BpfProgType.CgroupSockopt;

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program)
    {
        if (program.ExpectedAttachType == BpfAttachType.CgroupSetsockopt)
        {
            if (id == BpfFuncId.Setsockopt)
                return HelperVariants.SocketSetsockopt;
            if (id == BpfFuncId.Getsockopt)
                return HelperVariants.SocketGetsockopt;
        }

        return Helpers.Find(id) ?? BaseHelpers.Find(id, program);
    }

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (!CtxRules.Fits(off, size, ContextSize))
            return false;
        bool getting = program.ExpectedAttachType == BpfAttachType.CgroupGetsockopt;
        if (write)
        {
            return off switch
            {
                RetVal => size == 4 && getting,
                OptName or Level => size == 4 && program.ExpectedAttachType == BpfAttachType.CgroupSetsockopt,
                OptLen => size == 4,
                _ => false,
            };
        }

        return off switch
        {
            < OptVal => CtxRules.Pointer(ref access, CtxLoad.Socket, size),
            < OptValEnd => CtxRules.Pointer(ref access, CtxLoad.PacketData, size),
            < Level => CtxRules.Pointer(ref access, CtxLoad.PacketEnd, size),
            RetVal => size == 4 && getting,
            _ => size == 4,
        };
    }

    public override ReturnRange? ReturnValues(ProgramFacts program) => new ReturnRange(0, 1);
}
