using System.Globalization;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;

namespace WebBpf.Tests.Parity.Samples;

/// <summary>What one test run gave.</summary>
internal sealed record TestRun(long Result, ulong RetVal, ulong SizeOut, string DataOut);

/// <summary>A task on one kernel that loads an object, runs its programs and reads its maps.</summary>
internal sealed class SampleSide(IBpfBackend backend, int cpus) : IDisposable
{
    private const int MaxPacket = 4096;

    private readonly BpfTask _task = new() { Pid = 1000, Comm = "samples" };
    private LoadResult? _loaded;

    public LoadResult Load(BpfObject source) => _loaded = BpfObjectLoader.Load(backend, source, new LoadOptions(), new BpfCall(_task), cpus);

    public LoadResult LoadAt(BpfObject source, uint level) => _loaded = BpfObjectLoader.Load(backend, source, new LoadOptions { LogLevel = level, LogSize = 256 << 20 }, new BpfCall(_task), cpus);

    public TestRun Run(int fd, ReadOnlySpan<byte> packet)
    {
        AttrBuilder attr = new AttrBuilder(BpfCommand.ProgTestRun)
            .Set("prog_fd", (uint)fd)
            .SetBytes("data_in", packet)
            .Set("data_size_in", (uint)packet.Length)
            .SetBuffer("data_out", MaxPacket, out UserBuffer output)
            .Set("data_size_out", MaxPacket)
            .Set("repeat", 1);
        long result = Call(attr);
        int size = (int)Math.Min(attr.Get("data_size_out"), MaxPacket);
        return new TestRun(result, attr.Get("retval"), attr.Get("data_size_out"), result < 0 ? "" : Convert.ToHexStringLower(output.Span[..size]));
    }

    public void Update(string map, byte[] key, byte[] value)
    {
        long result = Call(new AttrBuilder(BpfCommand.MapUpdateElem).Set("map_fd", (uint)_loaded!.Maps.Single(m => m.Name == map).Fd).SetBytes("key", key).SetBytes("value", value));
        if (result != 0)
            throw new InvalidOperationException($"updating {map} gave {Errno.Name(result)}");
    }

    /// <summary>All elements as "key=value" in hex, sorted; per-CPU values summed up as 64-bit counters.</summary>
    public IReadOnlyList<string> Entries(LoadedMap map)
    {
        bool percpu = map.Spec.Type is BpfMapType.PercpuArray or BpfMapType.PercpuHash;
        uint stride = percpu ? (map.Spec.ValueSize + 7) & ~7u : map.Spec.ValueSize;
        var found = new List<string>();
        byte[]? key = null;
        while (Next(map, key) is { } next)
        {
            key = next;
            AttrBuilder attr = new AttrBuilder(BpfCommand.MapLookupElem)
                .Set("map_fd", (uint)map.Fd)
                .SetBytes("key", key)
                .SetBuffer("value", (int)stride * (percpu ? cpus : 1), out UserBuffer value);
            long result = Call(attr);
            found.Add($"{Convert.ToHexStringLower(key)}={(result < 0 ? Errno.Name(result) : percpu ? Sum(value.Span, (int)stride) : Convert.ToHexStringLower(value.Span))}");
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    public void Dispose() => _task.Fds.CloseAll();

    private string Sum(ReadOnlySpan<byte> values, int stride)
    {
        ulong[] sums = new ulong[stride / 8];
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            for (int i = 0; i < sums.Length; i++)
                sums[i] += BitConverter.ToUInt64(values[((cpu * stride) + (i * 8))..]);
        }

        return string.Join(',', sums.Select(s => s.ToString(CultureInfo.InvariantCulture)));
    }

    private byte[]? Next(LoadedMap map, byte[]? key)
    {
        AttrBuilder attr = new AttrBuilder(BpfCommand.MapGetNextKey).Set("map_fd", (uint)map.Fd).SetBuffer("next_key", (int)map.Spec.KeySize, out UserBuffer next);
        if (key is not null)
            attr.SetBytes("key", key);
        long result = Call(attr);
        if (result == -Errno.ENOENT)
            return null;
        return result == 0 ? next.Span.ToArray() : throw new InvalidOperationException($"listing {map.Name} gave {Errno.Name(result)}");
    }

    private long Call(AttrBuilder attr) => backend.Bpf(attr.Command, attr.Bytes, attr.Memory, new BpfCall(_task));
}
