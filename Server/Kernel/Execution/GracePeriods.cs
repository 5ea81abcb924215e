using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Execution;

/// <summary>
/// Puts things off until all runs that are under way now have ended, as call_rcu. A CPU's counter is odd while it is rented; its changes and the removals
/// that precede <see cref="After"/> are full fences, so that either the run sees the removal or its CPU is seen to be rented.
/// </summary>
internal sealed class GracePeriods(int cpus) : IGracePeriods
{
    private const int Padding = 8;
    private readonly long[] _turns = new long[cpus * Padding];
    private readonly Lock _lock = new();
    private readonly List<Pending> _pending = [];
    private volatile int _count;

    public bool IsQuiet
    {
        get
        {
            Interlocked.MemoryBarrier();
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                if ((Turn(cpu) & 1) != 0)
                    return false;
            }

            return true;
        }
    }

    public void Begin(int cpu) => Interlocked.Increment(ref _turns[cpu * Padding]);

    public void End(int cpu)
    {
        Interlocked.Increment(ref _turns[cpu * Padding]);
        if (_count != 0)
            Sweep();
    }

    public void After(Action action)
    {
        Interlocked.MemoryBarrier();
        long[] seen = new long[cpus];
        bool quiet = true;
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            seen[cpu] = Turn(cpu);
            quiet &= (seen[cpu] & 1) == 0;
        }

        if (quiet)
        {
            action();
            return;
        }

        lock (_lock)
        {
            _pending.Add(new Pending(seen, action));
            _count = _pending.Count;
        }

        Interlocked.MemoryBarrier();
        Sweep();
    }

    /// <summary>Does what no run stands in the way of any more.</summary>
    private void Sweep()
    {
        var due = new List<Action>();
        lock (_lock)
        {
            for (int i = 0; i < _pending.Count;)
            {
                if (!HasPassed(_pending[i].Seen))
                {
                    i++;
                    continue;
                }

                due.Add(_pending[i].Action);
                _pending.RemoveAt(i);
            }

            _count = _pending.Count;
        }

        foreach (Action action in due)
            action();
    }

    private bool HasPassed(long[] seen)
    {
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            if ((seen[cpu] & 1) != 0 && Turn(cpu) == seen[cpu])
                return false;
        }

        return true;
    }

    private long Turn(int cpu) => Volatile.Read(ref _turns[cpu * Padding]);

    private readonly record struct Pending(long[] Seen, Action Action);
}
