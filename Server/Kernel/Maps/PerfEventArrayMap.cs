using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>perf_event_array, as kernel/bpf/arraymap.c, 6.18: where bpf_perf_event_output puts its samples.</summary>
[BpfMapFamily(BpfMapType.PerfEventArray)]
public sealed class PerfEventArrayFamily : MapFamily
{
    private static readonly IReadOnlySet<BpfFuncId> Helpers = new HashSet<BpfFuncId>
    {
        BpfFuncId.PerfEventRead, BpfFuncId.PerfEventOutput, BpfFuncId.SkbOutput, BpfFuncId.PerfEventReadValue, BpfFuncId.XdpOutput,
    };

    private static readonly MapTraits Facts = new() { Only = Helpers, Own = Helpers, HoldsFds = true, NoBtf = true };

    public override MapTraits Traits(BpfMapType type) => Facts;

    public override int CheckCreate(MapDefinition definition, BpfTask task) => ProgArrayFamily.CheckFds(definition);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        var made = new PerfEventArrayMap(definition, context);
        map = made.Allocate() ? made : null;
        return map is null ? -Errno.ENOMEM : 0;
    }
}

/// <summary>An array of perf events. The system call writes fds of events and cannot read.</summary>
public sealed class PerfEventArrayMap(MapDefinition definition, MapContext context) : FdArrayMap<KernelObject>(definition, context)
{
    protected override bool ReadsIds => false;

    /// <summary>
    /// bpf_perf_event_output: E2BIG beyond the map, ENOENT where no event is, EOPNOTSUPP where it belongs to another CPU or is no output event, ENOSPC where its ring is full.
    /// </summary>
    /// <param name="index">Entry of the map; 0xffffffff stands for the running CPU.</param>
    public int Output(uint index, int cpu, ReadOnlySpan<byte> data, ReadOnlySpan<byte> more)
    {
        const uint currentCpu = uint.MaxValue;
        if (index == currentCpu)
            index = (uint)cpu;
        if (index >= MaxEntries)
            return -Errno.E2BIG;
        KernelObject? entry = Peek(index);
        if (entry is null)
            return -Errno.ENOENT;
        if (entry is not PerfOutputEvent output || (output.Cpu >= 0 && output.Cpu != cpu))
            return -Errno.EOPNOTSUPP;
        // A raw sample's size is 16 bits wide in a perf record.
        const int largestSample = 64 << 10;
        if (data.Length + more.Length > largestSample)
            return -Errno.E2BIG;
        return output.Samples.TryWrite(data, more) ? 0 : -Errno.ENOSPC;
    }

    protected override KernelObject? Resolve(IMapFdResolver fds, int fd, out int error) => fds.GetPerfEvent(fd, out error);
}
