namespace WebBpf.Kernel.Memory;

/// <summary>Memory that every virtual CPU has its own copy of: copy <c>i</c> lies at <c>Address + i * Stride</c>; copies share no cache line.</summary>
/// <param name="Address">Address of the copy of CPU 0; 0 where there was no room.</param>
/// <param name="Stride">Bytes from one copy to the next, a multiple of 64.</param>
/// <param name="Cpus">Number of copies.</param>
public readonly record struct PerCpuArea(ulong Address, ulong Stride, int Cpus)
{
    private const ulong CacheLine = 64;

    /// <summary>Bytes of all copies.</summary>
    public ulong Size => Stride * (ulong)Cpus;

    public ulong this[int cpu] => Address + Stride * (ulong)cpu;

    /// <summary>Allocates zeroed copies of <paramref name="size"/> bytes each; <see cref="Address"/> is 0 where there is no room (ENOMEM).</summary>
    public static PerCpuArea Allocate(BpfMemory memory, ulong size, int cpus)
    {
        ulong stride = (size + CacheLine - 1) & ~(CacheLine - 1);
        ulong address = stride <= ulong.MaxValue / (ulong)cpus ? memory.Allocate(stride * (ulong)cpus, (uint)CacheLine) : 0;
        return new PerCpuArea(address, stride, cpus);
    }

    public void Free(BpfMemory memory)
    {
        if (Address != 0)
            memory.Free(Address, Size);
    }
}
