using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Parity.Maps;

/// <summary>Random sequences of operations through the system call: the same results and values on both kernels after every step.</summary>
public sealed class MapOperationTests
{
    private const int Steps = 3000;

    public static TheoryData<BpfMapType, uint, uint, uint, uint> Shapes() => new()
    {
        { BpfMapType.Hash, 4, 8, 40, 0 },
        { BpfMapType.Hash, 4, 8, 40, MapFlags.NoPrealloc },
        { BpfMapType.Hash, 8, 3, 40, 0 },
        { BpfMapType.Hash, 13, 1, 40, 0 },
        { BpfMapType.Hash, 16, 100, 1, 0 },
        { BpfMapType.PercpuHash, 4, 8, 40, 0 },
        { BpfMapType.PercpuHash, 5, 12, 40, MapFlags.NoPrealloc },
        { BpfMapType.Array, 4, 8, 40, 0 },
        { BpfMapType.Array, 4, 3, 1, 0 },
        { BpfMapType.PercpuArray, 4, 12, 40, 0 },
        { BpfMapType.LruHash, 4, 8, 1000, 0 },
        { BpfMapType.ProgArray, 4, 4, 40, 0 },
        { BpfMapType.PerfEventArray, 4, 4, 40, 0 },
        { BpfMapType.ArrayOfMaps, 4, 4, 40, 0 },
        { BpfMapType.HashOfMaps, 4, 4, 40, 0 },
        { BpfMapType.Queue, 0, 8, 5, 0 },
        { BpfMapType.Stack, 0, 5, 5, 0 },
        { BpfMapType.HashOfMaps, 6, 4, 40, MapFlags.NoPrealloc },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Random_operations_give_the_same_results(BpfMapType type, uint keySize, uint valueSize, uint entries, uint flags)
    {
        using var pair = new MapPair();
        int maps = Setup(pair, type, keySize, valueSize, entries, flags, out int map);
        MapTraits traits = MapRegistry.Traits(type)!;
        int userValue = traits.PerCpu ? (int)((valueSize + 7) / 8 * 8) * pair.Cpus : (int)valueSize;
        var random = new Random(11);
        byte[] linuxValue = new byte[userValue], oursValue = new byte[userValue];
        // Linux waits for a grace period at each change of a map of maps.
        for (int step = 0; step < (traits.HoldsMaps ? Steps / 10 : Steps); step++)
        {
            byte[] key = Key(random.Next(60), keySize);
            ulong how = random.Next(8) == 0 ? (ulong)random.Next(9) : (ulong)random.Next(3);
            (int linux, int ours) = (0, 0);
            string what = "";
            switch (random.Next(5))
            {
                case 0:
                    what = "delete";
                    (linux, ours) = (pair.Linux.Delete(map, key), pair.Ours.Delete(map, key));
                    break;
                case 1:
                    ulong lookup = random.Next(20) == 0 ? how : 0;
                    what = $"lookup {lookup}";
                    (linux, ours) = (pair.Linux.Lookup(map, key, linuxValue, lookup), pair.Ours.Lookup(map, key, oursValue, lookup));
                    // Ids of inner maps are each kernel's own.
                    if (linux == 0 && !traits.HoldsFds)
                        Assert.Equal(linuxValue, oursValue);
                    break;
                default:
                    what = $"update {how}";
                    random.NextBytes(linuxValue);
                    linuxValue.CopyTo(oursValue, 0);
                    if (traits.HoldsFds)
                    {
                        int which = random.Next(-1, maps);
                        (linuxValue, oursValue) = (pair.Linux.Fd(which), pair.Ours.Fd(which));
                    }

                    (linux, ours) = (pair.Linux.Update(map, key, linuxValue, how), pair.Ours.Update(map, key, oursValue, how));
                    break;
            }

            Assert.True(linux == ours, $"step {step}, {what}: Linux {Errno.Name(linux)}, ours {Errno.Name(ours)}.");
        }

        Assert.Equal(Keys(pair.Linux, map, keySize).Order(), Keys(pair.Ours, map, keySize).Order());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(33)]
    public void Maps_without_a_seed_are_walked_in_the_same_order(uint keySize)
    {
        using var pair = new MapPair();
        foreach (BpfMapType type in new[] { BpfMapType.Hash, BpfMapType.PercpuHash })
        {
            int map = type == BpfMapType.Hash ? 0 : 1;
            Assert.Equal(0, pair.Linux.Create(type, keySize, 8, 64, MapFlags.ZeroSeed, -1));
            Assert.Equal(0, pair.Ours.Create(type, keySize, 8, 64, MapFlags.ZeroSeed, -1));
            var random = new Random(3);
            byte[] value = new byte[8 * pair.Cpus];
            for (int i = 0; i < 500; i++)
            {
                byte[] key = Key(random.Next(90), keySize);
                if (random.Next(3) == 0)
                    Assert.Equal(pair.Linux.Delete(map, key), pair.Ours.Delete(map, key));
                else
                    Assert.Equal(pair.Linux.Update(map, key, value, 0), pair.Ours.Update(map, key, type == BpfMapType.Hash ? value.AsSpan(0, 8) : value, 0));
            }

            Assert.Equal(Keys(pair.Linux, map, keySize), Keys(pair.Ours, map, keySize));
        }
    }

    private static int Setup(MapPair pair, BpfMapType type, uint key, uint value, uint entries, uint flags, out int map)
    {
        // Fitting and unfitting inner maps first, so that they have the lowest numbers.
        (BpfMapType, uint, uint, uint, uint)[] inner = [(BpfMapType.Hash, 4, 8, 4, 0), (BpfMapType.Hash, 4, 8, 9, 0), (BpfMapType.Hash, 4, 4, 4, 0), (BpfMapType.Array, 4, 8, 4, 0)];
        bool needed = MapRegistry.Traits(type)!.HoldsFds;
        map = 0;
        foreach ((BpfMapType t, uint k, uint v, uint n, uint f) in needed ? inner : [])
        {
            Assert.Equal(0, pair.Linux.Create(t, k, v, n, f, -1));
            Assert.Equal(0, pair.Ours.Create(t, k, v, n, f, -1));
            map++;
        }

        int template = MapRegistry.Traits(type)!.HoldsMaps ? 0 : -1;
        Assert.Equal(0, pair.Linux.Create(type, key, value, entries, flags, template));
        Assert.Equal(0, pair.Ours.Create(type, key, value, entries, flags, template));
        return map + 1;
    }

    private static byte[] Key(int number, uint size)
    {
        byte[] key = new byte[size];
        if (size > 0)
            key[0] = (byte)number;
        if (size > 4)
            key[^1] = (byte)(number * 7);
        return key;
    }

    private static List<string> Keys(MapSide side, int map, uint keySize)
    {
        var keys = new List<string>();
        byte[]? key = null;
        byte[] next = new byte[keySize];
        while (side.Next(map, key, next) == 0)
        {
            key = [.. next];
            keys.Add(Convert.ToHexString(key));
        }

        return keys;
    }
}
