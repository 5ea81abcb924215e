using WebBpf.Kernel.Syscall;
using WebBpf.Linux;
using WebBpf.Tests.Corpus;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.Corpus;

/// <summary>The corpus on the machine's kernel and on ours: verdict, errno, message and results are equal; equality of the log text is counted.</summary>
public sealed class CorpusParityTests(ITestOutputHelper output)
{
    [Fact]
    public void Both_kernels_judge_and_run_the_corpus_alike()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        using var kernel = new BpfKernel(new BpfKernelOptions { Cpus = BpfKernelOptions.PossibleCpus(), VmlinuxBtf = BackendPair.ReadVmlinux() });
        var linux = new CorpusHost(new LinuxKernel());
        var ours = new CorpusHost(kernel);
        var comparison = new CorpusComparison();
        string? only = Environment.GetEnvironmentVariable("WEBBPF_CORPUS_ONLY");
        foreach (CorpusCase one in CorpusFile.All().SelectMany(f => f.Cases).Where(c => only is null || c.Id.Contains(only, StringComparison.Ordinal)))
            comparison.Add(one, linux.Run(one), ours.RunSafely(one));
        output.WriteLine(comparison.Summary());
        if (Environment.GetEnvironmentVariable("WEBBPF_CORPUS_REPORT") is { } path)
            File.WriteAllText(path, comparison.Report());
        Assert.Empty(comparison.Unanswered);
        Assert.Empty(comparison.Verdicts);
        Assert.Empty(comparison.Messages);
        Assert.Empty(comparison.Results);
        Assert.Empty(comparison.Statistics);
    }
}
