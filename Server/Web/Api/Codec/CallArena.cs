using System.Runtime.InteropServices;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Api.Codec;

/// <summary>
/// The user memory of one REST call: pinned buffers at real addresses, so that pointers inside structs mean the same for our kernel and
/// the machine's. Everything outside them gives EFAULT. What it holds is bounded per call and, by the budget, over all calls.
/// </summary>
public sealed class CallArena(InFlightBudget budget, int maxBytes) : IUserMemory, IDisposable
{
    private readonly List<Buffer> _buffers = [];
    private readonly InFlightBudget.Lease _lease = budget.Take(0);
    private long _held;

    /// <summary>A zeroed buffer that the kernel may fill.</summary>
    /// <exception cref="ApiException">503 with ENOMEM where the call asks for too much.</exception>
    public Buffer Allocate(long length)
    {
        if (length < 0 || _held + length > maxBytes)
            throw new ApiException(503, "The buffers of this call are larger than Limits:MaxCallMemoryBytes.") { Error = Errno.ENOMEM };
        _lease.Add(length);
        _held += length;

        // One byte more, so that an empty buffer has an address of its own.
        byte[] bytes = GC.AllocateArray<byte>(checked((int)length + 1), pinned: true);
        var buffer = new Buffer(bytes, (int)length, (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0));
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>A buffer with the given content.</summary>
    public Buffer Copy(ReadOnlySpan<byte> content)
    {
        Buffer buffer = Allocate(content.Length);
        content.CopyTo(buffer.Span);
        return buffer;
    }

    /// <summary>The buffer that begins at an address, or null.</summary>
    public Buffer? At(ulong address) => _buffers.Find(b => b.Address == address);

    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!TryFind(address, destination.Length, out Span<byte> bytes))
            return false;
        bytes.CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!TryFind(address, source.Length, out Span<byte> bytes))
            return false;
        source.CopyTo(bytes);
        return true;
    }

    public void Dispose()
    {
        _buffers.Clear();
        _lease.Dispose();
    }

    private bool TryFind(ulong address, int length, out Span<byte> bytes)
    {
        foreach (Buffer buffer in _buffers)
        {
            ulong offset = address - buffer.Address;
            if (offset <= (ulong)buffer.Length && (ulong)length <= (ulong)buffer.Length - offset)
            {
                bytes = buffer.Span.Slice((int)offset, length);
                return true;
            }
        }

        bytes = default;
        return false;
    }

    /// <summary>One pinned buffer.</summary>
    public sealed class Buffer(byte[] bytes, int length, ulong address)
    {
        public ulong Address { get; } = address;
        public int Length { get; } = length;
        public Span<byte> Span => bytes.AsSpan(0, Length);
    }
}
