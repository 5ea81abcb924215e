using Microsoft.Extensions.Options;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Streams;

/// <summary>Bounds how many streams are open.</summary>
public sealed class StreamSlots(IOptions<LimitsOptions> limits)
{
    private int _open;

    /// <summary>Takes a place until it is disposed.</summary>
    /// <exception cref="ApiException">429 with EAGAIN.</exception>
    public IDisposable Take()
    {
        if (Interlocked.Increment(ref _open) > limits.Value.MaxStreams)
        {
            Interlocked.Decrement(ref _open);
            throw new ApiException(429, "Too many streams are open (Limits:MaxStreams).") { Error = Errno.EAGAIN };
        }

        return new Slot(this);
    }

    private sealed class Slot(StreamSlots slots) : IDisposable
    {
        private int _done;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _done, 1) == 0)
                Interlocked.Decrement(ref slots._open);
        }
    }
}
