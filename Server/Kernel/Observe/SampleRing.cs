using System.Buffers.Binary;

namespace WebBpf.Kernel.Observe;

/// <summary>
/// A ring of samples for one reader, each a length (4 bytes) and its bytes. Writers never wait: a full ring refuses the sample and counts it as lost.
/// </summary>
public sealed class SampleRing
{
    private const int Header = 4;
    private readonly Lock _lock = new();
    private readonly byte[] _data;
    private readonly ReaderSignal _signal = new();
    private long _read;
    private long _written;
    private ulong _lost;
    private bool _completed;

    /// <param name="bytes">Room for samples and their lengths; at least 64.</param>
    public SampleRing(int bytes)
    {
        _data = new byte[Math.Max(64, bytes)];
    }

    /// <summary>Writes one sample made of two parts; false where there is no room.</summary>
    public bool TryWrite(ReadOnlySpan<byte> data, ReadOnlySpan<byte> more)
    {
        int length = data.Length + more.Length;
        lock (_lock)
        {
            if (_completed || _written - _read + Header + length > _data.Length)
            {
                _lost++;
                return false;
            }

            Span<byte> header = stackalloc byte[Header];
            BinaryPrimitives.WriteInt32LittleEndian(header, length);
            Append(header);
            Append(data);
            Append(more);
        }

        Interlocked.MemoryBarrier();
        _signal.Raise();
        return true;
    }

    /// <summary>Takes at most <paramref name="limit"/> samples. <paramref name="lost"/> counts those refused since the last call.</summary>
    public IReadOnlyList<byte[]> Take(out ulong lost, int limit = int.MaxValue)
    {
        var taken = new List<byte[]>();
        Span<byte> header = stackalloc byte[Header];
        lock (_lock)
        {
            lost = _lost;
            _lost = 0;
            while (taken.Count < limit && _read < _written)
            {
                Fetch(header);
                byte[] sample = new byte[BinaryPrimitives.ReadInt32LittleEndian(header)];
                Fetch(sample);
                taken.Add(sample);
            }
        }

        return taken;
    }

    /// <summary>Waits until something is to be told; false where the ring has ended and is empty.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        while (!HasNews())
            await _signal.WaitAsync(HasNews, cancellation).ConfigureAwait(false);
        lock (_lock)
            return _read < _written || _lost > 0;
    }

    internal void Complete()
    {
        lock (_lock)
            _completed = true;

        Interlocked.MemoryBarrier();
        _signal.Raise();
    }

    private bool HasNews()
    {
        lock (_lock)
            return _read < _written || _lost > 0 || _completed;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        int at = (int)(_written % _data.Length);
        int first = Math.Min(bytes.Length, _data.Length - at);
        bytes[..first].CopyTo(_data.AsSpan(at));
        bytes[first..].CopyTo(_data);
        _written += bytes.Length;
    }

    private void Fetch(Span<byte> into)
    {
        int at = (int)(_read % _data.Length);
        int first = Math.Min(into.Length, _data.Length - at);
        _data.AsSpan(at, first).CopyTo(into);
        _data.AsSpan(0, into.Length - first).CopyTo(into[first..]);
        _read += into.Length;
    }
}
