namespace WebBpf.Kernel.Objects.Journal;

/// <summary>
/// Where the changes of durable objects go, lossless and in order. Durable is what a pin reaches: the pinned object, the maps and
/// BTF of a pinned program, inner maps, programs in a pinned prog_array. The kernel appends under the lock that orders the
/// change itself, so the order of entries is the order of events for every object; whoever implements it writes them down in that order.
/// </summary>
public interface IDurableJournal
{
    /// <summary>
    /// Queues a change; never blocks and never throws. The task ends when this change and all before it are on disk, and fails where
    /// they cannot be written: the call that made the change then answers EIO.
    /// </summary>
    Task Append(DurableChange change);
}
