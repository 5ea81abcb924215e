using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using Xunit;

namespace WebBpf.Tests.Kernel.Syscall;

/// <summary>Objects live while something holds them, and no longer.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void A_map_dies_with_its_last_descriptor()
    {
        using var kernel = new BpfKernel();
        var process = new Process(kernel);
        long fd = process.Map(BpfMapType.Hash);
        BpfMap map = (BpfMap)process.Task.Fds.Snapshot()[0].Value;
        Assert.Equal(1, map.References);
        Assert.Equal(4, process.Call(BpfCommand.MapGetFdById, ("map_id", map.Id)));
        Assert.Equal(2, map.References);
        process.Update(fd, [1, 0, 0, 0], [1, 2, 3, 4]);
        process.Task.Fds.Close(3);
        Assert.Equal([1, 2, 3, 4], process.Look(4, [1, 0, 0, 0]));
        process.Task.Fds.Close(4);
        Assert.Equal(0, map.References);
        Assert.Equal(0, kernel.Maps.Count);
        Assert.Equal(-Errno.ENOENT, process.Call(BpfCommand.MapGetFdById, ("map_id", map.Id)));
    }

    [Fact]
    public void The_end_of_a_task_closes_everything_but_what_is_pinned()
    {
        using var kernel = new BpfKernel();
        var process = new Process(kernel);
        for (int i = 0; i < 20; i++)
            process.Map(BpfMapType.Array);
        Assert.Equal(0, process.Pin(5, "/sys/fs/bpf/kept"));
        Assert.Equal(20, kernel.Maps.Count);
        process.Task.Fds.CloseAll();
        Assert.Equal(1, kernel.Maps.Count);
        var other = new Process(kernel);
        Assert.Equal(3, other.Get("/sys/fs/bpf/kept"));
        Assert.Equal(0, kernel.Fs.Remove("/sys/fs/bpf/kept", other.Task));
        Assert.Equal(1, kernel.Maps.Count);
        other.Task.Fds.CloseAll();
        Assert.Equal(0, kernel.Maps.Count);
    }

    [Fact]
    public void Ids_are_never_used_again()
    {
        using var kernel = new BpfKernel();
        var process = new Process(kernel);
        uint last = 0;
        for (int i = 0; i < 50; i++)
        {
            process.Map(BpfMapType.Array);
            uint id = process.Task.Fds.Snapshot()[0].Value.Id;
            Assert.True(id > last);
            last = id;
            process.Task.Fds.CloseAll();
        }
    }

    [Fact]
    public void Failed_calls_hold_nothing()
    {
        using var kernel = new BpfKernel();
        var process = new Process(kernel);
        process.Map(BpfMapType.Hash);
        BpfMap map = (BpfMap)process.Task.Fds.Snapshot()[0].Value;
        foreach (BpfCommand command in CommandRegistry.Commands)
        {
            foreach (AttrField field in AttrTable.Find(command)!.Fields)
                process.Call(command, (field.Name, 3));
        }

        while (process.Task.Fds.Snapshot().Count > 1)
            process.Task.Fds.Close(process.Task.Fds.Snapshot()[^1].Key);
        Assert.Equal(1, map.References);
        Assert.Equal(1, kernel.Maps.Count);
    }

    [Fact]
    public void Objects_made_and_dropped_by_many_threads_leave_nothing()
    {
        using var kernel = new BpfKernel();
        Parallel.For(0, 8, _ =>
        {
            var process = new Process(kernel);
            for (int i = 0; i < 200; i++)
            {
                long fd = process.Map(BpfMapType.Hash);
                process.Update(fd, [1, 0, 0, 0], [1, 2, 3, 4]);
                process.Call(BpfCommand.MapGetFdById, ("map_id", (ulong)Random.Shared.Next(1, 1600)));
                process.Task.Fds.CloseAll();
            }
        });
        Assert.Equal(0, kernel.Maps.Count);
    }

    [Fact]
    public void Without_capabilities_the_sysctl_decides()
    {
        using var strict = new BpfKernel();
        var nobody = new Process(strict, Capabilities.None, 1000);
        Assert.Equal(-Errno.EPERM, nobody.Map(BpfMapType.Array));
        using var open = new BpfKernel(new BpfKernelOptions { UnprivilegedBpfDisabled = false });
        nobody = new Process(open, Capabilities.None, 1000);
        Assert.Equal(3, nobody.Map(BpfMapType.Array));
        Assert.Equal(-Errno.EPERM, nobody.Map(BpfMapType.LruHash));
        Assert.Equal(-Errno.EPERM, nobody.Call(BpfCommand.MapGetFdById, ("map_id", 1)));
        Assert.Equal(-Errno.EPERM, nobody.Call(BpfCommand.MapGetNextId));
        Assert.Equal(-Errno.EPERM, nobody.Call(BpfCommand.BtfLoad));
    }

    [Fact]
    public void Commands_that_are_missing_say_so()
    {
        using var kernel = new BpfKernel();
        var process = new Process(kernel);
        Assert.Equal(-Errno.EOPNOTSUPP, process.Call(BpfCommand.LinkCreate));
        Assert.Contains("link_create", process.Gap, StringComparison.Ordinal);
    }
}
