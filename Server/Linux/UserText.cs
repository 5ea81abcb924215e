using System.Text;
using WebBpf.Kernel.Syscall;

namespace WebBpf.Linux;

/// <summary>NUL-terminated text in user memory.</summary>
internal static class UserText
{
    /// <summary>True where a string of at most <paramref name="limit"/> bytes with its NUL (or that many bytes without one) is the caller's.</summary>
    public static bool IsReadable(IUserMemory memory, ulong address, int limit)
    {
        Span<byte> one = stackalloc byte[1];
        for (int i = 0; i < limit; i++)
        {
            if (!memory.TryRead(address + (ulong)i, one))
                return false;
            if (one[0] == 0)
                return true;
        }

        return true;
    }

    /// <summary>The text in a buffer of the given size up to its NUL; empty where there is none.</summary>
    public static string Read(IUserMemory memory, ulong address, uint size)
    {
        if (address == 0 || size == 0 || size > int.MaxValue)
            return "";
        byte[] bytes = new byte[size];
        if (!memory.TryRead(address, bytes))
            return "";
        int end = Array.IndexOf(bytes, (byte)0);
        return Encoding.UTF8.GetString(bytes, 0, end < 0 ? bytes.Length : end);
    }
}
