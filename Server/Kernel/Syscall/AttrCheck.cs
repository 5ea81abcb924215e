using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>What the kernel checks of every attr before it looks at the command.</summary>
internal static class AttrCheck
{
    private const int PageSize = 4096;

    /// <summary>
    /// Copies the caller's attr, zero-extended. A longer one must be zero beyond what this kernel knows (E2BIG), as
    /// bpf_check_uarg_tail_zero.
    /// </summary>
    public static int Copy(ReadOnlySpan<byte> user, Span<byte> attr)
    {
        if (user.Length > PageSize)
            return -Errno.E2BIG;
        int known = Math.Min(user.Length, attr.Length);
        if (user[known..].IndexOfAnyExcept((byte)0) >= 0)
            return -Errno.E2BIG;
        user[..known].CopyTo(attr);
        attr[known..].Clear();
        return 0;
    }

    /// <summary>False where bytes behind the command's last field are not zero (CHECK_ATTR: EINVAL).</summary>
    public static bool UnusedIsZero(AttrCommand command, ReadOnlySpan<byte> attr) => attr[command.UsedBytes..].IndexOfAnyExcept((byte)0) < 0;
}
