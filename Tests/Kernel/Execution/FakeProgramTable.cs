using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>A table of programs without the checks of a real prog array.</summary>
internal sealed class FakeProgramTable : BpfMap, IProgramTable
{
    private readonly BpfProgram?[] _programs;

    public FakeProgramTable(MapContext context, uint slots)
        : base(new MapDefinition(BpfMapType.ProgArray, 4, 4, slots), context)
    {
        _programs = new BpfProgram?[slots];
        Register();
    }

    public override ulong MemoryUsage => 0;

    public BpfProgram? ProgramAt(uint index) => _programs[index];

    /// <summary>Puts a hand-made program in a slot.</summary>
    public void Set(uint index, VerifiedProgram program, Engine engine) => _programs[index] = new BpfProgram
    {
        Facts = new ProgramFacts { Type = new NoType(), Name = $"slot{index}" },
        Verified = program,
        VerifierStats = new VerifierStats(),
        LoadedInsns = program.Insns,
        Executable = ExecutableFactory.Create(program, new ExecutionOptions { Engine = engine }),
        Tag = [],
    };

    private sealed class NoType : ProgramTypeInfo
    {
        public override BpfProgType Type => BpfProgType.Unspec;

        public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => null;

        public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) => false;

        public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
        {
            targetSize = 0;
            return 0;
        }
    }
}
