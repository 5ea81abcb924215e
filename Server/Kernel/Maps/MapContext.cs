using WebBpf.Kernel.Memory;

namespace WebBpf.Kernel.Maps;

/// <summary>What a map needs of its kernel: memory, the number of virtual CPUs, and the table that leads from a header in the sandbox back to the map.</summary>
public sealed partial class MapContext
{
    public MapContext(BpfMemory memory, int cpus)
    {
        Memory = memory;
        Cpus = cpus;
    }

    public BpfMemory Memory { get; }

    /// <summary>Possible CPUs: copies of a per-CPU value.</summary>
    public int Cpus { get; }
}
