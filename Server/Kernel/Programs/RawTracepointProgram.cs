using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Raw tracepoints: up to twelve arguments of 64 bits. As raw_tracepoint_verifier_ops in kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfProgramType]
internal sealed class RawTracepointProgram : ProgramTypeInfo
{
    private static readonly FrozenSet<BpfFuncId> Helpers = HelperSets.Set(
    [

    ]);

    public override BpfProgType Type => BpfProgType.RawTracepoint;

    /// <summary>The context is read as it is.</summary>
    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => HelperSets.Find(id, program, HelperSets.Tracing, Helpers);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        off >= 0 && off < 12 * 8 && !write && off % size == 0;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}
