using System.Text;
using WebBpf.Kernel.Syscall;
using WebBpf.Linux;
using Xunit;

namespace WebBpf.Tests.Parity.Harness;

/// <summary>
/// The machine's kernel and ours, side by side: the same calls on both must give the same transcript. One pair for a test class
/// (<c>IClassFixture&lt;BackendPair&gt;</c>); each sequence runs in a new process on both.
/// </summary>
public sealed class BackendPair : IDisposable
{
    private const int StepsShownBefore = 3;

    private readonly string? _reason = LinuxKernel.Probe();

    public BackendPair()
    {
        Ours = new Side("ours", new BpfKernel(new BpfKernelOptions { Cpus = BpfKernelOptions.PossibleCpus(), VmlinuxBtf = ReadVmlinux() }));
        Linux = new Side("Linux", new LinuxKernel());
    }

    internal Side Linux { get; }

    internal Side Ours { get; }

    /// <summary>Runs the sequence on both and demands the same transcript. Skips where the machine's kernel may not be asked, and says so where ours has a gap.</summary>
    internal void Same(Action<Side> calls)
    {
        if (_reason is not null)
            Assert.Skip(_reason);
        foreach (Side side in (Side[])[Linux, Ours])
        {
            side.Restart();
            calls(side);
        }

        if (FirstDifference(Linux, Ours) is { } difference)
            Assert.Fail(Ours.Gap is null ? difference : $"not implemented: {Ours.Gap}\n{difference}");
    }

    public void Dispose()
    {
        Linux.Dispose();
        Ours.Dispose();
    }

    internal static byte[]? ReadVmlinux()
    {
        const string Path = "/sys/kernel/btf/vmlinux";
        return File.Exists(Path) ? File.ReadAllBytes(Path) : null;
    }

    private static string? FirstDifference(Side expected, Side actual)
    {
        for (int i = 0; i < Math.Max(expected.Transcript.Count, actual.Transcript.Count); i++)
        {
            string wanted = expected.Transcript.ElementAtOrDefault(i) ?? "(nothing more)";
            string got = actual.Transcript.ElementAtOrDefault(i) ?? "(nothing more)";
            if (wanted == got)
                continue;
            var text = new StringBuilder($"Step {i + 1} differs.\n");
            foreach (string before in expected.Transcript.Skip(i - StepsShownBefore).Take(Math.Min(i, StepsShownBefore)))
                text.Append("  both:  ").Append(before).Append('\n');
            text.Append("  ").Append(expected.Name).Append(": ").Append(wanted).Append('\n');
            text.Append("  ").Append(actual.Name).Append(":  ").Append(got);
            return text.ToString();
        }

        return null;
    }
}
