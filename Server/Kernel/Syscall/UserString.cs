using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>strncpy_from_user.</summary>
internal static class UserString
{
    /// <summary>
    /// Reads up to a NUL or <paramref name="limit"/> bytes. Returns the length without the NUL (the limit where there is none), or EFAULT, negated.
    /// Bytes behind the NUL need not be readable.
    /// </summary>
    public static int Read(IUserMemory memory, ulong address, int limit, out byte[] bytes)
    {
        bytes = new byte[limit];
        int length = 0;
        for (int step = 64; length < limit;)
        {
            int wanted = Math.Min(step, limit - length);
            Span<byte> piece = bytes.AsSpan(length, wanted);
            if (!memory.TryRead(address + (ulong)length, piece))
            {
                if (step == 1)
                    return -Errno.EFAULT;
                step = 1;
                continue;
            }

            int end = piece.IndexOf((byte)0);
            if (end >= 0)
                return length + end;
            length += wanted;
        }

        return limit;
    }
}
