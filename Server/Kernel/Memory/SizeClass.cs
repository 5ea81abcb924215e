using System.Numerics;

namespace WebBpf.Kernel.Memory;

/// <summary>
/// Sizes of small blocks: multiples of 16 up to 128 bytes, then four steps per doubling up to 32 KiB. At most a quarter of a block is
/// lost. Blocks of a class whose size is a power of two are aligned to it.
/// </summary>
internal static class SizeClass
{
    public const int Count = 40;
    public const uint Largest = 32 << 10;
    private const int Linear = 8;

    /// <summary>The smallest class that holds <paramref name="size"/> bytes (1 to <see cref="Largest"/>).</summary>
    public static int Of(uint size)
    {
        if (size <= 128)
            return (int)((size + 15) / 16) - 1;
        int log = BitOperations.Log2(size - 1);
        return Linear + (log - 7) * 4 + (int)((size - 1) >> (log - 2)) - 4;
    }

    /// <summary>Bytes of a block of the class.</summary>
    public static uint Size(int index)
    {
        if (index < Linear)
            return (uint)(index + 1) * 16;
        int step = index - Linear;
        return (uint)(5 + step % 4) << (5 + step / 4);
    }
}
