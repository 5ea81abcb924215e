using System.Buffers.Binary;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Tests.Corpus;
using Xunit;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>The door to the machine's kernel: descriptors of the task only, pointers of the caller only.</summary>
public sealed class LinuxKernelTests
{
    private static LinuxKernel Kernel()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        return new LinuxKernel();
    }

    [Fact]
    public void A_map_is_made_written_read_and_closed()
    {
        using var caller = new Caller(Kernel());
        long fd = caller.MapCreate(BpfMapType.Hash, 4, 8, 16);
        Assert.Equal(3, fd);
        ulong key = caller.Bytes(1, 2, 3, 4);
        Assert.Equal(0, caller.Call(BpfCommand.MapUpdateElem, ("map_fd", 3), ("key", key), ("value", caller.Bytes(9, 8, 7, 6, 5, 4, 3, 2))));
        UserBuffer value = caller.Memory.Allocate(8);
        Assert.Equal(0, caller.Call(BpfCommand.MapLookupElem, ("map_fd", 3), ("key", key), ("value", value.Address)));
        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2], value.Span.ToArray());
        Assert.True(caller.Task.Fds.Close(3));
        Assert.Equal(-Errno.EBADF, caller.Call(BpfCommand.MapLookupElem, ("map_fd", 3), ("key", key), ("value", value.Address)));
    }

    [Fact]
    public void Descriptors_of_the_process_are_out_of_reach()
    {
        LinuxKernel kernel = Kernel();
        using var owner = new Caller(kernel);
        Assert.Equal(3, owner.MapCreate(BpfMapType.Array, 4, 4, 1));
        int native = ((LinuxObject)owner.Task.Fds.Snapshot()[0].Value).NativeFd;
        using var other = new Caller(kernel);
        Assert.Equal(-Errno.EBADF, other.Call(BpfCommand.MapFreeze, ("map_fd", (ulong)native)));
        Assert.Equal(-Errno.EINVAL, other.Call(BpfCommand.MapFreeze, ("map_fd", 1)));
        Assert.Equal(0, owner.Call(BpfCommand.MapFreeze, ("map_fd", 3)));
    }

    [Fact]
    public void Memory_of_the_process_is_out_of_reach()
    {
        using var caller = new Caller(Kernel());
        caller.MapCreate(BpfMapType.Array, 4, 64, 1);
        byte[] foreign = GC.AllocateArray<byte>(64, pinned: true);
        ulong address = (ulong)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(foreign, 0);
        ulong key = caller.Bytes(0, 0, 0, 0);
        Assert.Equal(-Errno.EFAULT, caller.Call(BpfCommand.MapLookupElem, ("map_fd", 3), ("key", key), ("value", address)));
        Assert.Equal(-Errno.EFAULT, caller.Call(BpfCommand.MapUpdateElem, ("map_fd", 3), ("key", key), ("value", address)));

        // A buffer that is too short for the value is not the caller's to its end.
        Assert.Equal(-Errno.EFAULT, caller.Call(BpfCommand.MapLookupElem, ("map_fd", 3), ("key", key), ("value", caller.Memory.Allocate(63).Address)));
    }

    [Fact]
    public void Descriptors_in_instructions_and_in_values_are_translated()
    {
        using var caller = new Caller(Kernel());
        Assert.Equal(3, caller.MapCreate(BpfMapType.Array, 4, 4, 1));
        Assert.Equal(4, caller.MapCreate(BpfMapType.ProgArray, 4, 4, 2));

        // r1 = map[fd 3]; r0 = 0; exit
        byte[] insns = new byte[32];
        insns[0] = 0x18;
        insns[1] = 0x11;
        BinaryPrimitives.WriteInt32LittleEndian(insns.AsSpan(4), 3);
        insns[16] = 0xb7;
        insns[24] = 0x95;
        long prog = caller.Call(
            BpfCommand.ProgLoad, ("prog_type", (ulong)BpfProgType.SocketFilter), ("insns", caller.Memory.Copy(insns)), ("insn_cnt", 4), ("license", caller.Memory.Copy("GPL")));
        Assert.Equal(5, prog);
        Assert.Equal(0, caller.Call(BpfCommand.MapUpdateElem, ("map_fd", 4), ("key", caller.Bytes(0, 0, 0, 0)), ("value", caller.Bytes(5, 0, 0, 0))));

        // fd 6 is not open in this task, whatever it is in this process.
        Assert.Equal(-Errno.EBADF, caller.Call(BpfCommand.MapUpdateElem, ("map_fd", 4), ("key", caller.Bytes(0, 0, 0, 0)), ("value", caller.Bytes(6, 0, 0, 0))));
        UserBuffer info = caller.Memory.Allocate(InfoTable.ProgSize);
        UserBuffer ids = caller.Memory.Allocate(4);
        BinaryPrimitives.WriteUInt32LittleEndian(info.Span[52..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(info.Span[56..], ids.Address);
        Assert.Equal(0, caller.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", 5), ("info_len", InfoTable.ProgSize), ("info", info.Address)));
        Assert.Equal(caller.Task.Fds.Snapshot()[0].Value.Id, BinaryPrimitives.ReadUInt32LittleEndian(ids.Span));
    }

    [Fact]
    public void A_test_run_without_a_size_gives_all_of_its_data()
    {
        using var caller = new Caller(Kernel());
        byte[] insns = [0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(3, caller.Call(
            BpfCommand.ProgLoad, ("prog_type", (ulong)BpfProgType.Xdp), ("insns", caller.Memory.Copy(insns)), ("insn_cnt", 2), ("license", caller.Memory.Copy("GPL"))));
        byte[] packet = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        UserBuffer data = caller.Memory.Allocate(64);
        var run = new CallAttr(BpfCommand.ProgTestRun) { ["prog_fd"] = 3, ["data_in"] = caller.Memory.Copy(packet), ["data_size_in"] = 64, ["data_out"] = data.Address };
        Assert.Equal(0, caller.Call(run));
        Assert.Equal(2UL, run["retval"]);
        Assert.Equal(64UL, run["data_size_out"]);
        Assert.Equal(packet, data.Span.ToArray());
    }
}
