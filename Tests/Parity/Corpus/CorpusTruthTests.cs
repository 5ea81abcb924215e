using WebBpf.Linux;
using WebBpf.Tests.Corpus;
using Xunit;

namespace WebBpf.Tests.Parity.Corpus;

/// <summary>
/// The corpus against the machine's kernel, which is the truth. With WEBBPF_CORPUS_WRITE=1 in the environment its answers are written
/// into the files instead of being compared with them.
/// </summary>
public sealed class CorpusTruthTests
{
    [Fact]
    public void The_corpus_says_what_the_machines_kernel_says()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        bool write = Environment.GetEnvironmentVariable("WEBBPF_CORPUS_WRITE") == "1";
        var host = new CorpusHost(new LinuxKernel());
        List<string> differences = [];
        foreach (CorpusFile file in CorpusFile.All())
        {
            foreach (CorpusCase one in file.Cases)
            {
                CorpusOutcome outcome = host.Run(one);
                if (write)
                    outcome.Record(one);
                else
                    differences.AddRange(outcome.Differences(one).Select(d => $"{one.Id}: {d}"));
            }

            if (write)
                file.Save();
        }

        Assert.Empty(differences);
    }
}
