namespace WebBpf.Shared.Dashboard;

/// <summary>
/// Live items. Each enumeration is a reader of its own with a bounded queue that ends when the enumeration does: nobody who produces waits for it, and what it
/// misses is announced by an item with <c>Dropped</c> alone.
/// </summary>
public interface IStreams
{
    IAsyncEnumerable<KernelEventItem> KernelEvents(CancellationToken cancellation = default);

    IAsyncEnumerable<MapChangeItem> MapChanges(uint mapId, CancellationToken cancellation = default);

    IAsyncEnumerable<TraceItem> Trace(CancellationToken cancellation = default);

    /// <summary>Of one program, or of all (null).</summary>
    IAsyncEnumerable<StatsItem> Stats(uint? programId, int intervalMs, CancellationToken cancellation = default);

    IAsyncEnumerable<LoadItem> VerifierLog(string loadId, CancellationToken cancellation = default);
}

/// <summary>Something that happened to an object.</summary>
public sealed record KernelEventItem(ulong Seq, DateTimeOffset At, string Type, string Kind, uint Id, string Name, uint Pid, string Comm, string? Path, long? Dropped);

/// <summary>A change of a map's element; values as hex.</summary>
public sealed record MapChangeItem(ulong Seq, DateTimeOffset At, string Op, string Key, string? OldValue, string? NewValue, ChangedBy? By, long? Dropped);

/// <summary>Who changed it: "program", "task" or "kernel".</summary>
public sealed record ChangedBy(string Kind, uint Id, string Name);

/// <summary>A line of the trace pipe.</summary>
public sealed record TraceItem(ulong Seq, DateTimeOffset At, int Cpu, uint Pid, string Comm, uint ProgId, string Text, long? Dropped);

/// <summary>Run statistics at one moment.</summary>
public sealed record StatsItem(ulong Seq, DateTimeOffset At, IReadOnlyList<ProgramCount> Programs, long? Dropped);

public sealed record ProgramCount(uint Id, string Name, ulong RunCnt, ulong RunTimeNs, ulong RecursionMisses);

/// <summary>Of a load that verifies: "log" with a line, "progress" with counts, or "verdict" at the end.</summary>
public sealed record LoadItem(ulong Seq, string Type, string? Line, uint? InsnsProcessed, uint? TotalStates, bool? Accepted, string? Message, long? Dropped);
