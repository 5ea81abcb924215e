using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// Our kernel: the objects, their ids, and the door to them. A process may hold several; they share nothing.
/// </summary>
public sealed partial class BpfKernel : IBpfBackend, IDisposable
{
    public BpfKernel(KernelOptions? options = null)
    {
        Options = options ?? new KernelOptions();
        Memory = new BpfMemory();
        MapContext = new MapContext(Memory, Options.Cpus);
    }

    public KernelOptions Options { get; }
    public BpfMemory Memory { get; }
    public MapContext MapContext { get; }

    public IdTable<BpfProgram> Programs { get; } = new();
    public IdTable<BpfMap> Maps { get; } = new();
    public IdTable<BtfObject> Btfs { get; } = new();
    public IdTable<KernelObject> Links { get; } = new();

    public long Bpf(BpfCommand cmd, Span<byte> attr, IUserMemory memory, in BpfCall call)
    {
        Span<byte> copy = stackalloc byte[AttrTable.AttrSize];
        int error = AttrCheck.Copy(attr, copy);
        if (error != 0)
            return error;
        if (AttrTable.Find(cmd) is not { } fields || !AttrCheck.UnusedIsZero(fields, copy))
            return -Errno.EINVAL;
        var context = new SyscallContext(this, cmd, copy, attr, memory, call);
        if (CommandRegistry.Find(cmd) is { } command)
            return command.Execute(ref context);
        return context.NotImplemented($"command {UapiName.Of(cmd)}: {CommandRegistry.Gaps.GetValueOrDefault(cmd)}");
    }

    public void Dispose() => Memory.Dispose();
}
