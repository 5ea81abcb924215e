using System.Diagnostics;
using System.Runtime.InteropServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;

namespace WebBpf.Kernel.Syscall;

/// <summary>What helper bodies need of the rest of the kernel: the trace pipe, the clocks, the current task.</summary>
public sealed class KernelServices : IRunServices, IDisposable
{
    private const int ClockBoottime = 7;
    private const int ClockTai = 11;

    private static readonly BpfTask Idle = new() { Pid = 0, Comm = "swapper/0" };

    private readonly ThreadLocal<BpfTask?> _current = new();
    private long _seq;

    /// <summary>Lines of bpf_trace_printk; listeners are called on the running thread: they queue and return.</summary>
    public event Action<TraceLine>? Traced;

    public ulong MonotonicNs => (ulong)(Stopwatch.GetTimestamp() * (1_000_000_000.0 / Stopwatch.Frequency));

    public ulong BootNs => Clock(ClockBoottime) ?? MonotonicNs;

    public ulong RealtimeNs => (ulong)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;

    public ulong TaiNs => Clock(ClockTai) ?? RealtimeNs;

    public BpfTask CurrentTask => _current.Value ?? Idle;

    /// <summary>Number of the last line.</summary>
    public ulong LastTrace => (ulong)Interlocked.Read(ref _seq);

    public void Trace(RunContext run, string text)
    {
        ulong seq = (ulong)Interlocked.Increment(ref _seq);
        BpfTask task = CurrentTask;
        Traced?.Invoke(new TraceLine(seq, DateTimeOffset.UtcNow, run.Cpu, task.Pid, task.Comm, run.Program?.Id ?? 0, text));
    }

    public void Dispose() => _current.Dispose();

    /// <summary>Makes a task the current one of this thread until the scope ends.</summary>
    internal Scope Enter(BpfTask task)
    {
        BpfTask? outer = _current.Value;
        _current.Value = task;
        return new Scope(this, outer);
    }

    private static unsafe ulong? Clock(int id)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        long* time = stackalloc long[2];
        return clock_gettime(id, time) == 0 ? (ulong)(time[0] * 1_000_000_000 + time[1]) : null;
    }

    [DllImport("libc")]
    private static extern unsafe int clock_gettime(int clock, long* time);

    internal readonly struct Scope(KernelServices services, BpfTask? outer) : IDisposable
    {
        public void Dispose() => services._current.Value = outer;
    }
}
