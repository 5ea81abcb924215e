using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>A type that Linux can test-run and we cannot yet: the run is refused as a gap of ours.</summary>
internal sealed class OwedTestRun(string what) : ITestRunnable
{
    public int TestRun(BpfProgram program, TestRunCall call)
    {
        call.NotImplemented = $"test runs of {what}";
        return -Errno.EOPNOTSUPP;
    }
}
