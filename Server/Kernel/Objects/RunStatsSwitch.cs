namespace WebBpf.Kernel.Objects;

/// <summary>Whether runs are counted and timed: while any descriptor of BPF_ENABLE_STATS is open (bpf_stats_enabled_key).</summary>
public sealed class RunStatsSwitch
{
    private int _holders;

    public bool Enabled => Volatile.Read(ref _holders) > 0;

    /// <summary>A file that keeps the statistics on until it is closed.</summary>
    public KernelObject Open()
    {
        Interlocked.Increment(ref _holders);
        return new StatsFile(this);
    }

    private sealed class StatsFile(RunStatsSwitch owner) : KernelObject
    {
        public override ObjectKind Kind => ObjectKind.Stats;

        protected override void Release() => Interlocked.Decrement(ref owner._holders);
    }
}
