using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WebBpf.Bench;

/// <summary>
/// Time that this thread spent on a CPU, in ns. The kernel's test run does not count the time in which it was scheduled away; neither may we, on
/// a machine that others use.
/// </summary>
internal static class ThreadClock
{
    private const int ThreadCpuTime = 3;

    public static double Now
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency);
            clock_gettime(ThreadCpuTime, out Time time);
            return time.Seconds * 1e9 + time.Nanoseconds;
        }
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out Time time);

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
