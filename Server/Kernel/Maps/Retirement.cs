using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Maps;

/// <summary>Objects that were taken out of a map while a run may still be looking at them.</summary>
public sealed partial class MapContext
{
    /// <summary>
    /// Runs an action after all runs that are under way now have ended (as call_rcu); by default at once. Whoever owns the virtual CPUs sets it.
    /// </summary>
    public Action<Action> AfterGracePeriod { get; set; } = action => action();

    /// <summary>Drops the reference that a map held on an object, once no run can see it any more.</summary>
    internal void Retire(KernelObject item) => AfterGracePeriod(item.Put);
}
