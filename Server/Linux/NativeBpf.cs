using System.Runtime.InteropServices;

namespace WebBpf.Linux;

/// <summary>The system calls of the machine that this project needs.</summary>
internal static unsafe class NativeBpf
{
    private const int DupCloexec = 1030;

    private static readonly nint Number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    /// <summary>bpf(2): at least 0, or a negated errno.</summary>
    public static long Call(uint command, byte* attr, int size)
    {
        nint result = syscall(Number, (nint)command, (nint)attr, size);
        return result < 0 ? -Marshal.GetLastPInvokeError() : result;
    }

    public static void Close(int fd) => close(fd);

    /// <summary>The descriptor itself where it is above the three of stdio, else a copy of it that is.</summary>
    public static int AboveStdio(int fd)
    {
        if (fd > 2)
            return fd;
        int copy = fcntl(fd, DupCloexec, 3);
        close(fd);
        return copy;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern nint syscall(nint number, nint command, nint attr, nint size);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int fd);

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(int fd, int command, int argument);
}
