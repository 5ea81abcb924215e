using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Maps;

/// <summary>Knows of runs under way.</summary>
public interface IGracePeriods
{
    /// <summary>True where no run is under way: whatever starts from now on sees what was written before.</summary>
    bool IsQuiet { get; }

    /// <summary>Does something once all runs that are under way now have ended; at once where there are none.</summary>
    void After(Action action);
}

/// <summary>Objects that were taken out of a map while a run may still be looking at them.</summary>
public sealed partial class MapContext
{
    /// <summary>Set by who owns the virtual CPUs; null where nothing ever runs.</summary>
    public IGracePeriods? GracePeriods { get; set; }

    /// <summary>Drops the reference that a map held on an object, once no run can see it any more.</summary>
    internal void Retire(KernelObject item)
    {
        if (GracePeriods is { } periods)
            periods.After(item.Put);
        else
            item.Put();
    }
}
