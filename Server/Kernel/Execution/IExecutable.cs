namespace WebBpf.Kernel.Execution;

/// <summary>A program in executable form.</summary>
public interface IExecutable : IDisposable
{
    /// <summary>
    /// Runs the program once on the virtual CPU of <paramref name="run"/> and returns R0. <paramref name="context"/> is an address in the sandbox.
    /// Allocates nothing. Where the run was cut off, <see cref="RunContext.Abort"/> says why.
    /// </summary>
    ulong Run(RunContext run, ulong context);

    /// <summary>
    /// Runs one subprogram with up to five arguments and returns its R0; its frame lies below <see cref="RunContext.StackTop"/>.
    /// For callbacks of a run in progress (<see cref="RunContext.Invoke"/>).
    /// </summary>
    ulong Invoke(RunContext run, int subprog, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5);

    /// <summary>
    /// Goes on in this program after a tail call: as <see cref="Run"/> but within the caller's run, on the caller's stack.
    /// </summary>
    /// <param name="run">The run in progress.</param>
    /// <param name="context">The context handed to the program.</param>
    /// <param name="frame">Frame pointer for the program's first function.</param>
    ulong TailEnter(RunContext run, ulong context, ulong frame);
}

/// <summary>Counters of one program (bpf_prog_stats); written from many runs at once.</summary>
public sealed class RunStatistics
{
    private ulong _runs;
    private ulong _nanoseconds;
    private ulong _recursionMisses;

    public ulong Runs => Volatile.Read(ref _runs);
    public ulong Nanoseconds => Volatile.Read(ref _nanoseconds);
    public ulong RecursionMisses => Volatile.Read(ref _recursionMisses);

    public void Add(ulong runs, ulong nanoseconds)
    {
        Interlocked.Add(ref _runs, runs);
        Interlocked.Add(ref _nanoseconds, nanoseconds);
    }

    public void Missed() => Interlocked.Increment(ref _recursionMisses);
}

/// <summary>Why a run ended before its exit instruction.</summary>
public enum RunAbort
{
    None,

    /// <summary>The deadline passed.</summary>
    Deadline,

    /// <summary>The caller cancelled.</summary>
    Cancelled,

    /// <summary>A helper without a body was called.</summary>
    NotImplemented,
}
