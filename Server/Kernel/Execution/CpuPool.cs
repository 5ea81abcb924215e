using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Execution;

/// <summary>
/// The virtual CPUs of one kernel. A run rents one and gives it back; the lowest free one is taken, so that work which never overlaps stays on CPU 0.
/// Long repeated runs call <see cref="Yield"/> between repetitions: others who wait then get their turn.
/// </summary>
public sealed class CpuPool : IDisposable
{
    private readonly RunContext?[] _free;
    private readonly RunContext[] _all;
    private readonly SemaphoreSlim _available;
    private readonly GracePeriods _periods;
    private int _waiting;

    public CpuPool(MapContext maps, IRunServices services)
    {
        _all = new RunContext[maps.Cpus];
        for (int cpu = 0; cpu < _all.Length; cpu++)
            _all[cpu] = new RunContext(maps, cpu, services);
        _free = [.. _all];
        _periods = new GracePeriods(_all.Length);
        maps.GracePeriods = _periods;
        _available = new SemaphoreSlim(_all.Length, _all.Length);
    }

    /// <summary>Number of virtual CPUs.</summary>
    public int Count => _all.Length;

    /// <summary>Takes a CPU, waiting for one where all are busy; the cancellation ends the wait with <see cref="OperationCanceledException"/>.</summary>
    /// <param name="deadline">Stopwatch ticks after which the run is cut off.</param>
    /// <param name="cancellation">Cuts the run off, too.</param>
    public RunContext Rent(long deadline = long.MaxValue, CancellationToken cancellation = default)
    {
        if (!_available.Wait(0, CancellationToken.None))
        {
            Interlocked.Increment(ref _waiting);
            try
            {
                _available.Wait(cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }

        return Start(TakeLowest(), deadline, cancellation);
    }

    /// <summary>Takes one particular CPU, below <see cref="Count"/>, waiting while somebody else has it.</summary>
    public RunContext RentCpu(int cpu, CancellationToken cancellation = default)
    {
        // A place among the free CPUs is held only while the wanted one is looked for: who has it may need a place to give it up.
        const int waitMs = 1;
        while (true)
        {
            _available.Wait(cancellation);
            if (Interlocked.Exchange(ref _free[cpu], null) is { } run)
                return Start(run, long.MaxValue, cancellation);
            _available.Release();
            Interlocked.Increment(ref _waiting);
            try
            {
                cancellation.WaitHandle.WaitOne(waitMs);
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }
    }

    /// <summary>Gives a CPU back.</summary>
    public void Return(RunContext run)
    {
        run.Idle();
        _periods.End(run.Cpu);
        Volatile.Write(ref _free[run.Cpu], run);
        _available.Release();
    }

    /// <summary>
    /// Between two repetitions: lets somebody who waits have the CPU, and returns the CPU to go on with (deadline, cancellation, abort reason and subject are kept).
    /// </summary>
    public RunContext Yield(RunContext run)
    {
        if (Volatile.Read(ref _waiting) == 0)
            return run;
        (long deadline, CancellationToken cancellation, object? subject, RunAbort abort) = (run.Deadline, run.Cancellation, run.Subject, run.Abort);
        Return(run);
        Thread.Yield();
        RunContext next = Rent(deadline, cancellation);
        next.Subject = subject;
        next.Abort = abort;
        return next;
    }

    public void Dispose() => _available.Dispose();

    private RunContext Start(RunContext run, long deadline, CancellationToken cancellation)
    {
        _periods.Begin(run.Cpu);
        run.Deadline = deadline;
        run.Cancellation = cancellation;
        run.Abort = RunAbort.None;
        return run;
    }

    private RunContext TakeLowest()
    {
        // The semaphore promises a free one; another thread may take it first, then a further one is free.
        while (true)
        {
            for (int cpu = 0; cpu < _free.Length; cpu++)
            {
                if (Volatile.Read(ref _free[cpu]) is not null && Interlocked.Exchange(ref _free[cpu], null) is { } run)
                    return run;
            }
        }
    }
}
