using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Tracepoints; the context is the event's record, its first 8 bytes (the event's own pointer) hidden. As tracepoint_verifier_ops, 6.18.</summary>
[BpfProgramType]
public sealed class TracepointType : ProgramTypeInfo
{
    // PERF_MAX_TRACE_SIZE
    private const int MaxRecord = 8192;
    private const int Hidden = 8;

    public override BpfProgType Type => BpfProgType.Tracepoint;

    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => TracingHelpers.Find(id, program);

    /// <summary>Offsets below 0 pass, as they do in 6.18, which compares them without their sign.</summary>
    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        !write && (uint)off >= Hidden && off < MaxRecord && off % size == 0;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}
