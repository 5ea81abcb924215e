using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Kernel.Syscall;
using WebBpf.Tests.Corpus;
using Xunit;

namespace WebBpf.Tests.Kernel.Corpus;

/// <summary>The corpus on our kernel alone, against what its files say: no other kernel is needed.</summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_case_is_complete_and_has_a_name_of_its_own()
    {
        CorpusCase[] cases = [.. CorpusFile.All().SelectMany(f => f.Cases)];
        Assert.True(cases.Length >= 350, $"{cases.Length} cases");
        Assert.Empty(cases.GroupBy(c => c.Id).Where(g => g.Count() > 1).Select(g => g.Key));
        foreach (CorpusCase one in cases)
        {
            Assert.True(one.Text("verdict") is "accept" || (one.Text("verdict")?.StartsWith("reject E", StringComparison.Ordinal) ?? false), one.Id);
            Assert.True(one.Text("verdict") != "accept" || !one.Runs || one.Text("run") is { Length: > 0 } || one.Text("retval") is not null, one.Id);
            _ = (one.Type, one.AttachType, one.Maps.Count(), one.Bytes("input"), one.Bytes("ctx"));
        }
    }

    [Fact]
    public void Every_case_assembles_and_comes_back_from_its_disassembly()
    {
        foreach (CorpusCase one in CorpusFile.All().SelectMany(f => f.Cases))
        {
            AssembledProgram program = Assembler.Assemble(one.Asm);
            Assert.Equal(program.Insns, Assembler.Assemble(AsmSyntax.ToSource(program.Insns)).Insns);
        }
    }

    [Fact]
    public void A_file_is_written_as_it_was_read()
    {
        foreach (string path in Directory.EnumerateFiles(CorpusFile.Root, "*.bpf", SearchOption.AllDirectories))
            Assert.Equal(File.ReadAllText(path), CorpusFile.Read(path).ToString());
    }

    [Theory]
    [InlineData(Engine.Jit)]
    [InlineData(Engine.Interpreter)]
    public void Our_kernel_says_what_the_corpus_says(Engine engine)
    {
        using var kernel = new BpfKernel(new BpfKernelOptions { Cpus = BpfKernelOptions.PossibleCpus(), Execution = new ExecutionOptions { Engine = engine } });
        var host = new CorpusHost(kernel);
        List<string> differences = [];
        Dictionary<string, int> gaps = [];
        int answered = 0;
        foreach (CorpusCase one in CorpusFile.All().SelectMany(f => f.Cases))
        {
            CorpusOutcome outcome = host.RunSafely(one);
            if (outcome.Gap is { } gap && (outcome.Load < 0 || outcome.Run is null or < 0))
            {
                gaps[gap] = gaps.GetValueOrDefault(gap) + 1;
                continue;
            }

            answered++;
            differences.AddRange(outcome.Differences(one).Select(d => $"{one.Id}: {d}"));
        }

        output.WriteLine($"{answered} cases answered; not implemented: {string.Join(", ", gaps.Select(g => $"{g.Key} ({g.Value})"))}");
        if (answered == 0)
            Assert.Skip("Our kernel answers no program load yet.");
        Assert.Empty(differences);
    }
}
