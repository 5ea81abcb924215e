using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>One process on one kernel: makes calls with an arena of its own as memory.</summary>
internal sealed class Caller(IBpfBackend kernel, BpfTask? task = null) : IDisposable
{
    public UserMemoryArena Memory { get; } = new();

    public BpfTask Task { get; } = task ?? new BpfTask { Pid = 4242, Tgid = 4242, Comm = "parity" };

    public long Call(CallAttr attr) => kernel.Bpf(attr.Command, attr.Bytes, Memory, new BpfCall(Task));

    public long Call(BpfCommand command, params (string Name, ulong Value)[] fields)
    {
        var attr = new CallAttr(command);
        foreach ((string name, ulong value) in fields)
            attr[name] = value;
        return Call(attr);
    }

    public long MapCreate(BpfMapType type, uint keySize, uint valueSize, uint maxEntries, uint flags = 0) => Call(
        BpfCommand.MapCreate, ("map_type", (ulong)type), ("key_size", keySize), ("value_size", valueSize), ("max_entries", maxEntries), ("map_flags", flags));

    public ulong Bytes(params byte[] bytes) => Memory.Copy(bytes);

    public void Dispose() => Task.Fds.CloseAll();
}
