using Microsoft.Extensions.Options;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;

namespace WebBpf.Server.Hosting;

/// <summary>Bounds what all running requests hold in memory together (bodies, buffers of system calls). Above it a request gets ENOMEM.</summary>
public sealed class InFlightBudget(IOptions<LimitsOptions> limits)
{
    private long _held;

    public long Held => Volatile.Read(ref _held);

    /// <summary>Takes bytes out of the budget until the lease is disposed.</summary>
    /// <exception cref="ApiException">503 with ENOMEM.</exception>
    public Lease Take(long bytes)
    {
        var lease = new Lease(this);
        lease.Add(bytes);
        return lease;
    }

    /// <summary>A part of the budget; grows as a body is read.</summary>
    public sealed class Lease(InFlightBudget budget) : IDisposable
    {
        private long _bytes;

        public void Add(long bytes)
        {
            if (Interlocked.Add(ref budget._held, bytes) > budget.Limit)
            {
                Interlocked.Add(ref budget._held, -bytes);
                throw new ApiException(503, "Too much is in flight: try again in a moment (Limits:MaxInFlightBytes).") { Error = Errno.ENOMEM };
            }

            _bytes += bytes;
        }

        public void Dispose()
        {
            Interlocked.Add(ref budget._held, -_bytes);
            _bytes = 0;
        }
    }

    private long Limit => limits.Value.MaxInFlightBytes;
}
