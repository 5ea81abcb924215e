using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Syscall.Introspection;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Kernel.Syscall;

/// <summary>What reaches the journal, in which order, and that it suffices to bring everything back.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public void Nothing_is_written_of_what_no_pin_reaches()
    {
        var journal = new MemoryJournal();
        using var kernel = new BpfKernel(new BpfKernelOptions { Journal = journal });
        var process = new Process(kernel);
        long fd = process.Map(BpfMapType.Hash);
        process.Update(fd, [1, 0, 0, 0], [1, 1, 1, 1]);
        Assert.Empty(journal.Changes);
    }

    [Fact]
    public void A_pin_writes_the_map_its_entries_and_then_every_change_in_order()
    {
        var journal = new MemoryJournal();
        using var kernel = new BpfKernel(new BpfKernelOptions { Journal = journal });
        var process = new Process(kernel);
        long fd = process.Map(BpfMapType.Hash);
        process.Update(fd, [1, 0, 0, 0], [1, 1, 1, 1]);
        Assert.Equal(0, process.Pin(fd, "/sys/fs/bpf/m"));
        process.Update(fd, [2, 0, 0, 0], [2, 2, 2, 2]);
        process.Delete(fd, [1, 0, 0, 0]);
        process.Call(BpfCommand.MapFreeze, ("map_fd", (ulong)fd));
        Assert.Equal(0, kernel.Rename("/sys/fs/bpf/m", "/sys/fs/bpf/n", new BpfCall(process.Task)));
        Assert.Equal(0, kernel.Unlink("/sys/fs/bpf/n", new BpfCall(process.Task)));
        process.Update(fd, [3, 0, 0, 0], [3, 3, 3, 3]);
        Assert.Equal(
            ["MapSaved", "MapElementWritten", "NodeSaved", "MapElementWritten", "MapElementDeleted", "MapFrozen", "NodeRenamed", "NodeRemoved", "ObjectForgotten"],
            journal.Changes.Select(c => c.GetType().Name));
    }

    [Fact]
    public async Task A_call_with_a_receipt_leaves_the_waiting_to_its_caller()
    {
        var journal = new MemoryJournal();
        using var kernel = new BpfKernel(new BpfKernelOptions { Journal = journal });
        var process = new Process(kernel);
        long fd = process.Map(BpfMapType.Array);
        process.Pin(fd, "/sys/fs/bpf/a");
        journal.Hold();
        var receipt = new CallReceipt();
        Assert.Equal(0, process.Update(fd, [1, 0, 0, 0], [9, 9, 9, 9], receipt));
        Assert.False(receipt.Durable.IsCompleted);
        Task<long> waiting = Task.Run(() => process.Update(fd, [2, 0, 0, 0], [8, 8, 8, 8]), TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        journal.Release();
        await receipt.Durable;
        Assert.Equal(0, await waiting);
    }

    [Fact]
    public void A_journal_that_fails_makes_the_call_fail()
    {
        var journal = new MemoryJournal();
        using var kernel = new BpfKernel(new BpfKernelOptions { Journal = journal });
        var process = new Process(kernel);
        long fd = process.Map(BpfMapType.Array);
        process.Pin(fd, "/sys/fs/bpf/a");
        journal.Fail();
        Assert.Equal(-Errno.EIO, process.Update(fd, [1, 0, 0, 0], [9, 9, 9, 9]));
    }

    [Fact]
    public void What_was_pinned_comes_back_under_its_ids()
    {
        var journal = new MemoryJournal();
        uint mapId;
        using (var kernel = new BpfKernel(new BpfKernelOptions { Journal = journal, Cpus = 4 }))
        {
            var process = new Process(kernel);
            process.Map(BpfMapType.Array);
            long fd = process.Map(BpfMapType.Hash);
            mapId = process.Task.Fds.Snapshot()[1].Value.Id;
            Assert.Equal(0, kernel.MakeDirectory("/sys/fs/bpf/dir", new BpfCall(process.Task)));
            process.Update(fd, [1, 0, 0, 0], [1, 1, 1, 1]);
            process.Pin(fd, "/sys/fs/bpf/dir/m");
            process.Update(fd, [2, 0, 0, 0], [2, 2, 2, 2]);
            process.Delete(fd, [1, 0, 0, 0]);
        }

        int written = journal.Changes.Count;
        using var again = new BpfKernel(new BpfKernelOptions { Journal = journal });
        using (KernelRestore restore = again.BeginRestore())
            Replay(journal, restore);
        Assert.Equal(written, journal.Changes.Count);
        var reader = new Process(again);
        Assert.Equal(3, reader.Get("/sys/fs/bpf/dir/m"));
        Assert.Equal(mapId, reader.Task.Fds.Snapshot()[0].Value.Id);
        Assert.Equal([2, 2, 2, 2], reader.Look(3, [2, 0, 0, 0]));
        Assert.Null(reader.Look(3, [1, 0, 0, 0]));
        reader.Map(BpfMapType.Array);
        Assert.True(reader.Task.Fds.Snapshot()[1].Value.Id > mapId);

        // What came back is durable again.
        reader.Update(3, [5, 0, 0, 0], [5, 5, 5, 5]);
        Assert.IsType<MapElementWritten>(journal.Changes[^1]);
    }

    [Fact]
    public void Per_cpu_values_keep_their_sums_on_fewer_cpus()
    {
        byte[] stored = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal([4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], PerCpuFold.To(stored, 8, 2)!);
        Assert.Equal([.. stored, 0, 0, 0, 0, 0, 0, 0, 0], PerCpuFold.To(stored, 8, 4)!);
        Assert.Null(PerCpuFold.To(stored.AsSpan(0, 7), 8, 2));
    }

    // The state that the changes leave, as a store would hold it.
    private static void Replay(MemoryJournal journal, KernelRestore restore)
    {
        var elements = new Dictionary<(uint, string), byte[]>();
        foreach (DurableChange change in journal.Changes.ToArray())
        {
            if (change is MapElementWritten written)
                elements[(written.MapId, Convert.ToHexString(written.Key))] = written.Value;
            else if (change is MapElementDeleted deleted)
                elements.Remove((deleted.MapId, Convert.ToHexString(deleted.Key)));
        }

        foreach (MapSaved map in journal.Changes.OfType<MapSaved>())
            Assert.True(restore.Map(map.Map).Restored);
        foreach (((uint map, string key), byte[] value) in elements)
            Assert.True(restore.Element(map, Convert.FromHexString(key), value).Restored);
        foreach (NodeSaved node in journal.Changes.OfType<NodeSaved>())
            Assert.True(restore.Node(node.Node).Restored);
    }

    /// <summary>A journal whose disk can be slow or broken.</summary>
    private sealed class MemoryJournal : IDurableJournal
    {
        private TaskCompletionSource? _held;
        private bool _broken;

        public List<DurableChange> Changes { get; } = [];

        public Task Append(DurableChange change)
        {
            lock (Changes)
                Changes.Add(change);
            if (_broken)
                return Task.FromException(new IOException("The disk is gone."));
            return _held?.Task ?? Task.CompletedTask;
        }

        public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _held!.SetResult();

        public void Fail() => _broken = true;
    }
}
