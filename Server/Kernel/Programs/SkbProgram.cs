using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>What all types with a socket buffer as context share.</summary>
internal abstract class SkbProgram : ProgramTypeInfo
{
    private readonly SkbTestRun _runner;

    protected SkbProgram() => _runner = new SkbTestRun(RunsOnLink);

    /// <summary>The packet begins with its link header (traffic control); elsewhere with its network header.</summary>
    protected virtual bool RunsOnLink => false;

    public override ITestRunnable? TestRunner => _runner;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        int pointer = SkBuffLayout.PointerOf(insn.Off);
        targetSize = Op.SizeBytes(insn.Code);
        output[0] = pointer == 0 ? insn : new Insn(Op.Ldx | Op.Mem | Op.DW, insn.Dst, insn.Src, pointer, 0);
        return 1;
    }
}
