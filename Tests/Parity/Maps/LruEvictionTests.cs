using System.Runtime.InteropServices;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Parity.Maps;

/// <summary>Which elements an LRU map gives up: the same ones as the machine's kernel, where one CPU does all the work.</summary>
public sealed unsafe class LruEvictionTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(16, 0)]
    [InlineData(100, 0)]
    [InlineData(1000, 0)]
    [InlineData(16, MapFlags.NoCommonLru)]
    [InlineData(100, MapFlags.NoCommonLru)]
    public void The_same_elements_survive(uint entries, uint flags)
    {
        using var pair = new MapPair();
        var done = new List<string>();
        // A thread of its own, which the test may bind to a CPU.
        var thread = new Thread(() => Run(pair, entries, flags, done));
        thread.Start();
        thread.Join();
        Assert.Empty(done);
    }

    private static void Run(MapPair pair, uint entries, uint flags, List<string> problems)
    {
        ulong first = 1;
        if (sched_setaffinity(0, sizeof(ulong), &first) != 0)
        {
            problems.Add("The thread could not be bound to a CPU.");
            return;
        }

        if (pair.Linux.Create(BpfMapType.LruHash, 4, 8, entries, flags, -1) != 0 || pair.Ours.Create(BpfMapType.LruHash, 4, 8, entries, flags, -1) != 0)
            problems.Add("A map was refused.");
        var random = new Random(5);
        byte[] value = new byte[8];
        for (int step = 0; step < 40 && problems.Count == 0; step++)
        {
            for (int i = 0; i < 100; i++)
            {
                byte[] key = BitConverter.GetBytes(random.Next((int)entries * 2));
                // Updates of a key that is there mark it as used.
                (int linux, int ours) = random.Next(6) == 0
                    ? (pair.Linux.Delete(0, key), pair.Ours.Delete(0, key))
                    : (pair.Linux.Update(0, key, value, 0), pair.Ours.Update(0, key, value, 0));
                if (linux != ours)
                    problems.Add($"step {step}.{i}: Linux {linux}, ours {ours}");
            }

            var theirs = Keys(pair.Linux);
            var mine = Keys(pair.Ours);
            if (!theirs.SetEquals(mine))
                problems.Add($"step {step}: {theirs.Count} elements on Linux, {mine.Count} ours, {theirs.Count(k => !mine.Contains(k))} differ");
        }
    }

    private static HashSet<uint> Keys(MapSide side)
    {
        var keys = new HashSet<uint>();
        byte[]? key = null;
        byte[] next = new byte[4];
        while (side.Next(0, key, next) == 0 && keys.Add(BitConverter.ToUInt32(next)))
            key = [.. next];
        return keys;
    }

    [DllImport("libc")]
    private static extern int sched_setaffinity(int pid, nuint size, ulong* mask);
}
