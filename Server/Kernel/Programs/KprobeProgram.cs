using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Probes of functions: the context is struct pt_regs of x86-64. As kprobe_verifier_ops in kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfProgramType]
internal sealed class KprobeProgram : ProgramTypeInfo
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [

    ]);

    public override BpfProgType Type => BpfProgType.Kprobe;

    /// <summary>The context is read as it is.</summary>
    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, HelperSets.Tracing, Helpers);

    private const int PtRegsSize = 168;

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        !write && off >= 0 && off < PtRegsSize && off % size == 0 && off + size <= PtRegsSize;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}
