using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Reads and writes of sysctls by a cgroup: struct bpf_sysctl (write, file_pos). As cg_sysctl_verifier_ops in kernel/bpf/cgroup.c, 6.18.</summary>
[BpfProgramType]
public sealed class CgroupSysctlType : UapiContextType
{
    private const int ContextSize = 8;
    private const int FilePos = 4;

    private static readonly HelperTable Helpers = new(
        CgroupHelpers.GetLocalStorage, PerfEventOutputHelper.PerfEventOutput, TimeHelpers.KtimeGetCoarseNs,
        SysctlHelpers.SysctlGetName, SysctlHelpers.SysctlGetCurrentValue, SysctlHelpers.SysctlGetNewValue, SysctlHelpers.SysctlSetNewValue);

    public override BpfProgType Type => BpfProgType.CgroupSysctl;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? BaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (!CtxRules.Fits(off, size, ContextSize) || off + size > ContextSize)
            return false;
        if (!write)
            return CtxRules.Narrow(ref access, off, size, 4);
        return off >= FilePos && size == 4;
    }

    public override ReturnRange? ReturnValues(ProgramFacts program) => new ReturnRange(0, 1);
}
