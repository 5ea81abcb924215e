using System.ComponentModel.DataAnnotations;

namespace WebBpf.Server.Hosting;

/// <summary>How callers prove who they are.</summary>
public enum AuthMode
{
    /// <summary>Callers on the loopback interface are the administrator; nobody else is let in without a key.</summary>
    Loopback,

    /// <summary>Every call needs a key.</summary>
    ApiKey,
}

/// <summary>Section <c>Auth</c>.</summary>
public sealed class AuthOptions
{
    public AuthMode Mode { get; set; } = AuthMode.Loopback;

    /// <summary>The first administrator's key, for containers. At least 24 characters; only its hash is kept.</summary>
    [MinLength(24, ErrorMessage = "Auth:BootstrapKey must have at least 24 characters.")]
    public string? BootstrapKey { get; set; }

    /// <summary>Host names that requests may name; by default those of the loopback interface, and any where every call needs a key.</summary>
    public string[]? AllowedHosts { get; set; }

    /// <summary>Origins of other sites whose pages may call ("https://bpf.example"); the server's own is always allowed.</summary>
    public string[] AllowedOrigins { get; set; } = [];
}

/// <summary>Section <c>Sessions</c>.</summary>
public sealed class SessionsOptions
{
    /// <summary>A session that was asked for ends after this time without a call, which closes its fds.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(30);

    [Range(1, 10_000, ErrorMessage = "Sessions:MaxPerIdentity must be between 1 and 10000.")]
    public int MaxPerIdentity { get; set; } = 64;
}

/// <summary>Section <c>Persistence</c>.</summary>
public sealed class PersistenceOptions
{
    /// <summary>How often map values written by programs go to disk: at most so much of them is lost by a crash.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    [Range(1, 100_000, ErrorMessage = "Persistence:MaxBatch must be between 1 and 100000.")]
    public int MaxBatch { get; set; } = 4096;
}

/// <summary>Section <c>Kernel</c>.</summary>
public sealed class KernelOptions
{
    /// <summary>Whether administrators may send calls to the machine's own kernel.</summary>
    public bool AllowLinuxBackend { get; set; }

    /// <summary>Possible CPUs; by default those of the machine.</summary>
    [Range(1, 4096, ErrorMessage = "Kernel:Cpus must be between 1 and 4096.")]
    public int? Cpus { get; set; }

    /// <summary>File with the kernel's BTF; by default the machine's /sys/kernel/btf/vmlinux where it is readable.</summary>
    public string? VmlinuxBtf { get; set; }
}

/// <summary>Section <c>Limits</c>: what one caller can cost.</summary>
public sealed class LimitsOptions
{
    /// <summary>Largest request body, bytes.</summary>
    [Range(1024, 1 << 30, ErrorMessage = "Limits:MaxRequestBytes must be between 1 KiB and 1 GiB.")]
    public int MaxRequestBytes { get; set; } = 64 << 20;

    /// <summary>Bodies and buffers of all running calls together, bytes; above it calls get ENOMEM.</summary>
    [Range(1024, long.MaxValue, ErrorMessage = "Limits:MaxInFlightBytes must be at least 1 KiB.")]
    public long MaxInFlightBytes { get; set; } = 256 << 20;

    /// <summary>Buffers of one system call, bytes; above it the call gets ENOMEM.</summary>
    [Range(1024, 1 << 30, ErrorMessage = "Limits:MaxCallMemoryBytes must be between 1 KiB and 1 GiB.")]
    public int MaxCallMemoryBytes { get; set; } = 128 << 20;

    /// <summary>Depth of nesting in JSON bodies.</summary>
    [Range(4, 256, ErrorMessage = "Limits:MaxJsonDepth must be between 4 and 256.")]
    public int MaxJsonDepth { get; set; } = 32;

    /// <summary>A call is cancelled (EINTR) after this time.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Items that wait for one slow reader of a stream before the oldest are dropped.</summary>
    [Range(16, 1 << 20, ErrorMessage = "Limits:StreamBuffer must be between 16 and 1048576.")]
    public int StreamBuffer { get; set; } = 4096;

    /// <summary>Streams open at the same time.</summary>
    [Range(1, 100_000, ErrorMessage = "Limits:MaxStreams must be between 1 and 100000.")]
    public int MaxStreams { get; set; } = 256;
}
