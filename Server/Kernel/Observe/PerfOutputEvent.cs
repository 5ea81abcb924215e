using WebBpf.Kernel.Objects;

namespace WebBpf.Kernel.Observe;

/// <summary>A perf event of type PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT with its ring: what user space opens and puts into a perf_event_array.</summary>
/// <param name="cpu">The CPU it belongs to; -1 for any.</param>
/// <param name="bytes">Size of the ring, in bytes.</param>
public sealed class PerfOutputEvent(int cpu, int bytes) : KernelObject
{
    public int Cpu { get; } = cpu;

    public SampleRing Samples { get; } = new(bytes);

    protected override void Release() => Samples.Complete();
}
