using System.Globalization;
using WebBpf.Kernel.Syscall;
using WebBpf.Linux;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.Generated;

/// <summary>
/// Programs by chance, judged and run by the machine's kernel and by ours. WEBBPF_GENERATED=count, WEBBPF_SEED=first and WEBBPF_GENERATED_REPORT=file make a long run
/// of the same test; every 50th program is compared with its whole log (WEBBPF_GENERATED_LOGS=1: every one).
/// </summary>
public sealed class GeneratedParityTests(ITestOutputHelper output)
{
    private const int ShortRun = 3000;

    [Fact]
    public void Both_kernels_judge_generated_programs_alike()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        int count = Setting("WEBBPF_GENERATED", ShortRun);
        int first = Setting("WEBBPF_SEED", 1);
        int logs = Setting("WEBBPF_GENERATED_LOGS", 50);
        using var kernel = new BpfKernel(new BpfKernelOptions { Cpus = BpfKernelOptions.PossibleCpus(), VmlinuxBtf = BackendPair.ReadVmlinux() });
        using var linux = new GeneratedHost(new LinuxKernel());
        using var ours = new GeneratedHost(kernel);
        var comparison = new GeneratedComparison(linux, ours);
        for (int seed = first; seed < first + count; seed++)
            comparison.Add(seed, seed % logs == 0);
        output.WriteLine(comparison.Report());
        if (Environment.GetEnvironmentVariable("WEBBPF_GENERATED_REPORT") is { } path)
            File.WriteAllText(path, comparison.Report());
        Assert.Equal(count, comparison.Programs);
        Assert.InRange(comparison.Accepted, count / 4, count);
        Assert.Equal((0, 0, 0, 0, 0, 0), (comparison.TooLax, comparison.TooStrict, comparison.OtherErrno, comparison.Unanswered, comparison.OtherLogs, comparison.OtherResults));
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
