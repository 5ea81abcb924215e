using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Observe;

/// <summary>
/// What the tracked form of a program calls around a store that may go through a map value (also an atomic, or a helper that writes to memory): which map
/// it is, is found from the address. An address in no tracked map costs a binary search and nothing else.
/// </summary>
public static class TrackedStores
{
    /// <summary>Before the store of <paramref name="size"/> bytes at <paramref name="address"/>.</summary>
    public static void Before(RunContext run, ulong address, uint size)
    {
        if (run.Maps.FindTracked(address)?.Tracking is { IsWatched: true } tracking)
            tracking.BeforeStore(run.Cpu, tracking.SlotOf(address));
    }

    /// <summary>After it.</summary>
    public static void After(RunContext run, ulong address, uint size)
    {
        if (run.Maps.FindTracked(address)?.Tracking is { } tracking)
            tracking.AfterStore(run, tracking.SlotOf(address));
    }
}
