using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Access to devices by a cgroup: struct bpf_cgroup_dev_ctx (access_type, major, minor). As cg_dev_verifier_ops in kernel/bpf/cgroup.c, 6.18.</summary>
[BpfProgramType]
public sealed class CgroupDeviceType : UapiContextType
{
    private const int ContextSize = 12;
    private const int AccessType = 0;

    private static readonly HelperTable Helpers = new(CgroupHelpers.GetLocalStorage, PerfEventOutputHelper.PerfEventOutput);

    public override BpfProgType Type => BpfProgType.CgroupDevice;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? BaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || !CtxRules.Fits(off, size, ContextSize))
            return false;
        return CtxRules.In(off, AccessType, 4) ? CtxRules.Narrow(ref access, off, size, 4) : size == 4;
    }

    public override ReturnRange? ReturnValues(ProgramFacts program) => new ReturnRange(0, 1);
}
