namespace WebBpf.Kernel.Syscall;

/// <summary>copy_from_user and copy_to_user: addresses are real, pinned addresses of this process that belong to the caller.</summary>
public interface IUserMemory
{
    /// <summary>Copies in; false (EFAULT) where any byte of the range is not the caller's. Nothing is half-copied.</summary>
    bool TryRead(ulong address, Span<byte> destination);

    /// <summary>Copies out; false (EFAULT) where any byte of the range is not the caller's.</summary>
    bool TryWrite(ulong address, ReadOnlySpan<byte> source);
}
