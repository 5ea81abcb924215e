namespace WebBpf.Shared.Wire;

/// <summary>What a session is asked for with.</summary>
/// <param name="Name">At most 64 characters; the first 15 are the task's comm.</param>
/// <param name="Capabilities">"CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"; those of the caller where absent.</param>
/// <param name="Uid">The user it acts for; the caller's where absent.</param>
public sealed record SessionRequest(string? Name, IReadOnlyList<string>? Capabilities, uint? Uid);

/// <summary>A session: a process with its own fds and capabilities.</summary>
public sealed record SessionInfo(
    string Id, uint Pid, string Name, uint Uid, IReadOnlyList<string> Capabilities, bool Permanent, int Fds, DateTimeOffset CreatedAt, double IdleSeconds);

/// <summary>An open file descriptor of a session.</summary>
/// <param name="Fd">Its number.</param>
/// <param name="Kind">"prog", "map", "btf", "link" or the name of another kind of file.</param>
/// <param name="Id">The object's id in its id space; 0 where it has none.</param>
/// <param name="Name">The object's name; empty where it has none.</param>
public sealed record FdInfo(int Fd, string Kind, uint Id, string Name);

/// <summary>A number that a call made.</summary>
public sealed record FdResult(int Fd);

/// <summary>What an fd of another kind is opened for.</summary>
/// <param name="Open">A path below /sys/fs/bpf.</param>
public sealed record FdRequest(string? Open);

/// <summary>A page of a list; <paramref name="NextCursor"/> leads to the next one and is absent at the end.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>What a key is asked for with.</summary>
public sealed record KeyRequest(string Name, IReadOnlyList<string>? Capabilities, uint? Uid, bool? Administrator);

/// <summary>A key; <paramref name="Key"/> is given once, when it is made.</summary>
public sealed record KeyInfo(string Id, string Name, IReadOnlyList<string> Capabilities, uint Uid, bool Administrator, DateTimeOffset CreatedAt, string? Key);

/// <summary>ProblemDetails of RFC 9457 with what the kernel answered.</summary>
/// <param name="Type">A link for the status.</param>
/// <param name="Title">What went wrong, in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Errno">"EACCES"; null where no kernel was asked.</param>
/// <param name="Ret">The negative errno.</param>
/// <param name="Field">The field, parameter or header to blame.</param>
/// <param name="NotImplemented">What is missing on our side, where that is the reason.</param>
public sealed record ProblemInfo(string Type, string Title, int Status, string? Errno, long? Ret, string? Field, string? NotImplemented);
