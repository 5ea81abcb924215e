using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Perf events; the context is struct bpf_perf_event_data of x86-64: registers, sample_period, addr. As perf_event_verifier_ops, 6.18.</summary>
[BpfProgramType]
public sealed class PerfEventType : UapiContextType
{
    private const int SamplePeriod = KprobeType.RegistersSize;
    private const int Address = SamplePeriod + 8;
    private const int ContextSize = Address + 8;

    public override BpfProgType Type => BpfProgType.PerfEvent;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => id switch
    {
        BpfFuncId.PerfProgReadValue => PerfHelpers.PerfProgReadValue,
        BpfFuncId.ReadBranchRecords => PerfHelpers.ReadBranchRecords,
        BpfFuncId.GetStackid => HelperVariants.PerfEventStackid,
        _ => TracingHelpers.Find(id, program),
    };

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || !CtxRules.Fits(off, size, ContextSize))
            return false;
        return off >= SamplePeriod ? CtxRules.Narrow(ref access, off, size, 8) : size == 8;
    }
}
