using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Raw tracepoints; the context is the array of the tracepoint's arguments, 8 bytes each. As raw_tracepoint_verifier_ops, 6.18.</summary>
[BpfProgramType]
public class RawTracepointType : ProgramTypeInfo
{
    /// <summary>Arguments a context may have (MAX_BPF_FUNC_ARGS).</summary>
    public const int MaxArguments = 12;

    public override ITestRunnable? TestRunner { get; } = new RawTracepointTestRun();

    public override BpfProgType Type => BpfProgType.RawTracepoint;

    public override bool ConvertsContext => false;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => TracingHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) =>
        !write && CtxRules.Fits(off, size, MaxArguments * sizeof(ulong));

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = 0;
        return 0;
    }
}

/// <summary>Raw tracepoints whose first argument is a buffer that the program may write.</summary>
[BpfProgramType]
public sealed class RawTracepointWritableType : RawTracepointType
{
    public override ITestRunnable? TestRunner => null;

    public override BpfProgType Type => BpfProgType.RawTracepointWritable;

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (off != 0)
            return base.IsValidAccess(off, size, write, program, ref access);
        return !write && CtxRules.Pointer(ref access, CtxLoad.TracepointBuffer, size);
    }
}
