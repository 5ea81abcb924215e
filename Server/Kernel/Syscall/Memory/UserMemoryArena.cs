using System.Runtime.InteropServices;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// User memory made of pinned buffers at real addresses, so that pointers inside structs mean the same for our kernel and the
/// machine's. What lies outside the buffers gives EFAULT. For one call at a time: not safe for several threads.
/// </summary>
/// <param name="maxBytes">What all buffers together may hold.</param>
/// <param name="charge">Told of every allocation before it is made (a budget over all calls); may throw to refuse it.</param>
public sealed class UserMemoryArena(long maxBytes = 1L << 30, Action<long>? charge = null) : IUserMemory
{
    private readonly List<UserBuffer> _buffers = [];
    private long _held;

    /// <summary>Bytes handed out.</summary>
    public long Held => _held;

    /// <summary>A zeroed buffer that the kernel may fill.</summary>
    /// <exception cref="UserMemoryException">More is asked for than the arena may hold.</exception>
    public UserBuffer Allocate(long length)
    {
        if (length < 0 || length > maxBytes - _held || length >= Array.MaxLength)
            throw new UserMemoryException($"The buffers of one call may hold {maxBytes} bytes; {length} more are too many.");
        charge?.Invoke(length);
        _held += length;

        // One byte more, so that an empty buffer has an address of its own.
        byte[] bytes = GC.AllocateArray<byte>((int)length + 1, pinned: true);
        var buffer = new UserBuffer(bytes, (int)length, (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0));
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>A buffer with the given content; returns its address.</summary>
    public ulong Copy(ReadOnlySpan<byte> content)
    {
        UserBuffer buffer = Allocate(content.Length);
        content.CopyTo(buffer.Span);
        return buffer.Address;
    }

    /// <summary>A NUL-terminated string; returns its address.</summary>
    public ulong Copy(string text) => Copy([.. System.Text.Encoding.UTF8.GetBytes(text), 0]);

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (destination.IsEmpty)
            return true;
        if (!TryFind(address, (ulong)destination.Length, out Span<byte> bytes))
            return false;
        bytes.CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty)
            return true;
        if (!TryFind(address, (ulong)source.Length, out Span<byte> bytes))
            return false;
        source.CopyTo(bytes);
        return true;
    }

    public bool Covers(ulong address, ulong length) => length == 0 || TryFind(address, length, out _);

    private bool TryFind(ulong address, ulong length, out Span<byte> bytes)
    {
        // Copying nothing works from anywhere, as with copy_from_user.
        bytes = default;
        if (length == 0)
            return true;
        foreach (UserBuffer buffer in _buffers)
        {
            ulong offset = address - buffer.Address;
            if (offset <= (ulong)buffer.Length && length <= (ulong)buffer.Length - offset)
            {
                bytes = buffer.Span.Slice((int)offset, (int)length);
                return true;
            }
        }

        return false;
    }
}

/// <summary>One pinned buffer of an arena.</summary>
public sealed class UserBuffer(byte[] bytes, int length, ulong address)
{
    public ulong Address { get; } = address;
    public int Length { get; } = length;
    public Span<byte> Span => bytes.AsSpan(0, Length);
}

/// <summary>A call wants more memory than it may have (ENOMEM).</summary>
public sealed class UserMemoryException(string message) : Exception(message);
