using WebBpf.Kernel.Objects;
using WebBpf.Server.Auth;

namespace WebBpf.Server.Sessions;

/// <summary>A process as the service sees it: a task of the kernel that belongs to one identity. Ends by request or after idling.</summary>
public sealed class Session(string id, string name, Identity owner, BpfTask task, bool permanent)
{
    private int _running;
    private long _lastUsed = Environment.TickCount64;

    public string Id { get; } = id;
    public string Name { get; } = name;
    public Identity Owner { get; } = owner;
    public BpfTask Task { get; } = task;

    /// <summary>The identity's default session: never ends.</summary>
    public bool Permanent { get; } = permanent;

    public DateTimeOffset CreatedAt { get; } = DateTimeOffset.UtcNow;

    /// <summary>Time since the last call ended; zero while one runs.</summary>
    public TimeSpan Idle =>
        Volatile.Read(ref _running) > 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _lastUsed));

    /// <summary>Keeps the session from idling out until the result is disposed.</summary>
    public IDisposable Use()
    {
        Interlocked.Increment(ref _running);
        return new InUse(this);
    }

    private sealed class InUse(Session session) : IDisposable
    {
        private int _done;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _done, 1) != 0)
                return;
            Volatile.Write(ref session._lastUsed, Environment.TickCount64);
            Interlocked.Decrement(ref session._running);
        }
    }
}
