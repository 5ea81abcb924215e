using System.Buffers.Binary;

namespace WebBpf.Kernel.Syscall.Introspection;

/// <summary>
/// Per-CPU values on a machine with another number of CPUs. More CPUs: the new ones start at zero. Fewer: the copies that have no CPU
/// any more are added to CPU 0's, as 64-bit words where the value is made of such, else as 32-bit words, else byte by byte, so that sums of
/// counters stay what they were.
/// </summary>
public static class PerCpuFold
{
    /// <summary>All copies for the given CPUs, each of <c>round_up(valueSize, 8)</c> bytes; null where the input is no such list.</summary>
    public static byte[]? To(ReadOnlySpan<byte> stored, uint valueSize, int cpus)
    {
        int stride = (int)((valueSize + 7) & ~7u);
        if (stride == 0 || stored.Length == 0 || stored.Length % stride != 0)
            return null;
        int before = stored.Length / stride;
        byte[] folded = new byte[stride * cpus];
        stored[..(Math.Min(before, cpus) * stride)].CopyTo(folded);
        for (int cpu = cpus; cpu < before; cpu++)
            Add(folded.AsSpan(0, (int)valueSize), stored.Slice(cpu * stride, (int)valueSize));
        return folded;
    }

    private static void Add(Span<byte> sum, ReadOnlySpan<byte> more)
    {
        int word = sum.Length % 8 == 0 ? 8 : sum.Length % 4 == 0 ? 4 : 1;
        for (int at = 0; at < sum.Length; at += word)
        {
            Span<byte> to = sum[at..];
            ReadOnlySpan<byte> from = more[at..];
            switch (word)
            {
                case 8:
                    BinaryPrimitives.WriteUInt64LittleEndian(to, BinaryPrimitives.ReadUInt64LittleEndian(to) + BinaryPrimitives.ReadUInt64LittleEndian(from));
                    break;
                case 4:
                    BinaryPrimitives.WriteUInt32LittleEndian(to, BinaryPrimitives.ReadUInt32LittleEndian(to) + BinaryPrimitives.ReadUInt32LittleEndian(from));
                    break;
                default:
                    to[0] += from[0];
                    break;
            }
        }
    }
}
