using System.Runtime.InteropServices;

namespace WebBpf.Kernel.Memory;

/// <summary>
/// Address space taken from the system: 4 GiB aligned to 4 GiB, readable and writable, with margins on both sides, and no memory behind it until it is
/// touched. Linux and macOS map it without reserve. Windows has no such mapping: there the range is reserved and committed by
/// VirtualAlloc, which counts 4 GiB against the commit limit (RAM plus page file) although pages still come on first touch.
/// </summary>
internal sealed unsafe class Reservation : IDisposable
{
    private const int ReadWrite = 3;
    private const int Private = 0x02;
    private const int Fixed = 0x10;
    private const uint MemCommit = 0x1000;
    private const uint MemReserve = 0x2000;
    private const uint MemRelease = 0x8000;
    private const uint PageReadWrite = 4;
    private const int WindowsAttempts = 16;

    private readonly ulong _start;
    private readonly ulong _total;
    private int _disposed;

    /// <param name="length">Bytes, a power of two; also the alignment.</param>
    /// <param name="margin">Bytes before and after, a multiple of 64 KiB.</param>
    public Reservation(ulong length, ulong margin)
    {
        _total = length + margin * 2;
        _start = OperatingSystem.IsWindows() ? ReserveWindows(length, margin) : ReserveUnix(length, margin);
        Base = (byte*)(_start + margin);
    }

    /// <summary>The aligned start.</summary>
    public byte* Base { get; }

    /// <summary>Gives pages back to the system; they read as zero afterwards. Both arguments are multiples of 64 KiB.</summary>
    public static void Discard(byte* address, ulong length)
    {
        // A fresh mapping over the old one replaces it in one step: no access in between can fault.
        if (OperatingSystem.IsWindows() || mmap((nint)address, (nuint)length, ReadWrite, Flags | Fixed, -1, 0) == -1)
            Zero(address, length);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (OperatingSystem.IsWindows())
            VirtualFree((nint)_start, 0, MemRelease);
        else
            munmap((nint)_start, (nuint)_total);
    }

    /// <summary>Anonymous, private and without reserve; the last two bits differ between Linux and macOS.</summary>
    private static int Flags => Private | (OperatingSystem.IsMacOS() ? 0x1040 : 0x4020);

    private static void Zero(byte* address, ulong length) => NativeMemory.Clear(address, (nuint)length);

    private ulong ReserveUnix(ulong length, ulong margin)
    {
        // Twice the length, so that an aligned stretch with margins lies somewhere inside; the rest goes back at once.
        ulong wide = length + _total;
        nint got = mmap(0, (nuint)wide, ReadWrite, Flags, -1, 0);
        if (got == -1)
            throw new BpfMemoryException(_total, $"mmap failed with error {Marshal.GetLastPInvokeError()}.");
        ulong from = (ulong)got;
        ulong start = ((from + margin + length - 1) & ~(length - 1)) - margin;
        if (start > from)
            munmap((nint)from, (nuint)(start - from));
        ulong tail = from + wide - (start + _total);
        if (tail > 0)
            munmap((nint)(start + _total), (nuint)tail);
        return start;
    }

    private ulong ReserveWindows(ulong length, ulong margin)
    {
        // VirtualAlloc cannot give back a part: find an aligned hole with a wide reservation, release it and take the hole. Another
        // thread may be faster, hence several attempts.
        for (int i = 0; i < WindowsAttempts; i++)
        {
            nint probe = VirtualAlloc(0, (nuint)(length + _total), MemReserve, PageReadWrite);
            if (probe == 0)
                break;
            ulong start = (((ulong)probe + margin + length - 1) & ~(length - 1)) - margin;
            VirtualFree(probe, 0, MemRelease);
            if (VirtualAlloc((nint)start, (nuint)_total, MemReserve | MemCommit, PageReadWrite) != 0)
                return start;
        }

        throw new BpfMemoryException(_total, $"VirtualAlloc failed with error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [DllImport("libc")]
    private static extern int munmap(nint address, nuint length);

    [DllImport("kernel32", SetLastError = true)]
    private static extern nint VirtualAlloc(nint address, nuint size, uint type, uint protection);

    [DllImport("kernel32")]
    private static extern int VirtualFree(nint address, nuint size, uint type);
}
