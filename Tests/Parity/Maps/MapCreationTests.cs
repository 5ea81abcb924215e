using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Parity.Maps;

/// <summary>MAP_CREATE with right and wrong arguments: both kernels give the same answer, error by error.</summary>
public sealed class MapCreationTests
{
    public static TheoryData<BpfMapType> Types => [.. MapRegistry.Types.Order()];

    [Theory]
    [MemberData(nameof(Types))]
    public void Sizes_are_judged_alike(BpfMapType type)
    {
        uint[] keys = [0, 1, 3, 4, 8, 512, 513, 4096, 4 << 20];
        uint[] values = [0, 1, 4, 8, 32768, 32769, (4 << 20) - 53, (4 << 20) - 52, 1U << 31];
        uint[] entries = [0, 1, 3, 4096, 4097];
        using var pair = new MapPair();
        int template = Template(pair);
        foreach (uint key in keys)
        {
            foreach (uint value in values)
            {
                // Maps that both kernels could make but whose memory would be the test of the machine, not of the rules.
                foreach (uint count in entries.Where(c => (ulong)c * ((ulong)key + value) < 64 << 20))
                    Same(pair, type, key, value, count, 0, template);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Flags_are_judged_alike(BpfMapType type)
    {
        using var pair = new MapPair();
        int template = Template(pair);
        (uint key, uint value, uint count) = Shape(type);
        for (int first = 0; first < 20; first++)
        {
            // The last flags name further fds (a BTF object, a token): they are the system call's, not the family's.
            for (int second = first; second < 15; second++)
                Same(pair, type, key, value, count, 1U << first | 1U << second, template);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Very_many_entries_are_judged_alike(BpfMapType type)
    {
        using var pair = new MapPair();
        int template = Template(pair);
        (uint key, uint value, _) = Shape(type);
        bool hash = type is BpfMapType.Hash or BpfMapType.PercpuHash or BpfMapType.HashOfMaps;
        foreach (uint count in new uint[] { (1U << 27) + 1, 1U << 28, (1U << 31) + 1, uint.MaxValue })
        {
            // Only where a check decides; the rest would ask for all memory of the machine.
            if (hash)
                Same(pair, type, key, value, count, MapFlags.NoPrealloc, template);
        }
    }

    [Theory]
    [InlineData(BpfMapType.ArrayOfMaps)]
    [InlineData(BpfMapType.HashOfMaps)]
    public void Templates_of_maps_of_maps_are_judged_alike(BpfMapType type)
    {
        using var pair = new MapPair();
        int count = 0;
        foreach (BpfMapType inner in MapRegistry.Types.Order())
        {
            (uint key, uint value, uint entries) = Shape(inner);
            int made = count;
            if (Same(pair, inner, key, value, entries, 0, 0) == 0)
                count++;
            if (Same(pair, type, 4, 4, 4, 0, made) == 0)
                count++;
        }
    }

    internal static (uint Key, uint Value, uint Entries) Shape(BpfMapType type) => type switch
    {
        BpfMapType.Ringbuf => (0, 0, 4096),
        BpfMapType.LpmTrie => (8, 8, 16),
        BpfMapType.Queue or BpfMapType.Stack => (0, 8, 16),
        _ => (4, 4, 16),
    };

    private static int Template(MapPair pair)
    {
        Assert.Equal(0, Same(pair, BpfMapType.Hash, 4, 8, 4, 0, -1));
        return 0;
    }

    private static int Same(MapPair pair, BpfMapType type, uint key, uint value, uint entries, uint flags, int inner)
    {
        int template = MapRegistry.Traits(type)!.HoldsMaps ? inner : -1;
        int linux = pair.Linux.Create(type, key, value, entries, flags, template);
        int ours = pair.Ours.Create(type, key, value, entries, flags, template);
        Assert.True(linux == ours, $"{type} key {key} value {value} entries {entries} flags {flags:x}: Linux {Errno.Name(linux)}, ours {Errno.Name(ours)}.");
        return linux;
    }
}
