using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Tracepoints with their record as context. As tracepoint_verifier_ops in kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfProgramType]
internal sealed class TracepointProgram : ProgramTypeInfo
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [

    ]);

    public override BpfProgType Type => BpfProgType.Tracepoint;

    /// <summary>The context is read as it is.</summary>
    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, HelperSets.Tracing, Helpers);

    /// <summary>PERF_MAX_TRACE_SIZE; the first eight bytes hold a pointer of the kernel's.</summary>
    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        off >= 8 && off < 8192 && !write && off % size == 0;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}
