namespace WebBpf.Server.Api;

/// <summary>Times that the kernel gives in nanoseconds since boot.</summary>
public static class BootTime
{
    /// <summary>Null for 0.</summary>
    public static DateTimeOffset? At(ulong nanoseconds) =>
        nanoseconds == 0 ? null : DateTimeOffset.UtcNow - TimeSpan.FromMilliseconds(Environment.TickCount64) + TimeSpan.FromMilliseconds(nanoseconds / 1e6);
}
