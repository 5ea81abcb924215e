using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Random programs on the interpreter and the compiler, small ones and such that the compiler must divide.</summary>
public sealed class AgreementTests : IDisposable
{
    private readonly ExecutionHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public void Small_random_programs_agree()
    {
        var programs = new RandomPrograms(1);
        for (int i = 0; i < 300; i++)
        {
            new Random(i).NextBytes(_harness.ContextData);
            _harness.Agree(programs.Next(60, 5), $"program {i}");
        }
    }

    [Theory]
    [InlineData(3000)]
    [InlineData(8000)]
    public void Random_programs_that_must_be_divided_agree(int length)
    {
        var programs = new RandomPrograms(length);
        for (int i = 0; i < 2; i++)
        {
            new Random(i).NextBytes(_harness.ContextData);
            _harness.Agree(programs.Next(length, 20), $"program {i}");
        }
    }

    [Fact]
    public void Large_subprograms_are_divided_too()
    {
        VerifiedProgram inner = new RandomPrograms(7).Next(2500, 3);
        Insn[] insns = [Mov(6, 1), Call(3), Mov(1, 6), Call(1), Exit, .. inner.Insns];
        _harness.Agree(ExecutionHarness.Program(insns, new Subprog(0, 5, 8), new Subprog(5, insns.Length, 64)));
    }
}
