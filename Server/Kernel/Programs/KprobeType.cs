using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Probes of functions; the context is struct pt_regs of x86-64 as it is. As kprobe_verifier_ops in kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfProgramType]
public sealed class KprobeType : ProgramTypeInfo
{
    /// <summary>Bytes of struct pt_regs: 21 registers.</summary>
    public const int RegistersSize = 168;

    public override BpfProgType Type => BpfProgType.Kprobe;

    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program)
    {
        if (id == BpfFuncId.GetFuncIp && program.ExpectedAttachType is BpfAttachType.TraceKprobeMulti or BpfAttachType.TraceKprobeSession
            or BpfAttachType.TraceUprobeMulti or BpfAttachType.TraceUprobeSession)
            return HelperVariants.MultiFuncIp;
        return TracingHelpers.Find(id, program);
    }

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        !write && CtxRules.Fits(off, size, RegistersSize) && off + size <= RegistersSize;

    /// <summary>Session programs say with 0 or 1 whether they want to see the return, too.</summary>
    public override ReturnRange? ReturnValues(ProgramFacts program) =>
        program.ExpectedAttachType is BpfAttachType.TraceKprobeSession or BpfAttachType.TraceUprobeSession ? new ReturnRange(0, 1) : null;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}
