namespace WebBpf.Kernel.Syscall;

/// <summary>copy_from_user and copy_to_user: addresses are real, pinned addresses of this process that belong to the caller.</summary>
public interface IUserMemory
{
    /// <summary>Copies in; false (EFAULT) where any byte of the range is not the caller's. Nothing is half-copied.</summary>
    bool TryRead(ulong address, Span<byte> destination);

    /// <summary>Copies out; false (EFAULT) where any byte of the range is not the caller's.</summary>
    bool TryWrite(ulong address, ReadOnlySpan<byte> source);

    /// <summary>
    /// True where the whole range is the caller's, as access_ok with the pages present: asked before a pointer is handed on to the
    /// machine's kernel. An empty range is always fine.
    /// </summary>
    bool Covers(ulong address, ulong length)
    {
        Span<byte> piece = stackalloc byte[1024];
        for (ulong done = 0; done < length; done += (ulong)piece.Length)
        {
            if (!TryRead(address + done, piece[..(int)Math.Min((ulong)piece.Length, length - done)]))
                return false;
        }

        return true;
    }
}
