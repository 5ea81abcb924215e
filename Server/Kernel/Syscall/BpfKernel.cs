using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Fs;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// Our kernel: the objects, their ids, and the door to them. A process may hold several; they share nothing.
/// </summary>
public sealed partial class BpfKernel : IBpfBackend, IDisposable
{
    public BpfKernel(BpfKernelOptions? options = null)
    {
        Options = options ?? new BpfKernelOptions();
        Memory = new BpfMemory();
        MapContext = new MapContext(Memory, Options.Cpus);
        Cpus = new CpuPool(MapContext, Services);
        Durability = new Durability(Options.Journal) { Resolve = HeldBy };
        Fs = new Bpffs(Durability, Events);
        if (Options.VmlinuxBtf is { } raw && BtfObject.TryOpenKernel(raw, "vmlinux", out BtfObject? vmlinux) == 0)
        {
            VmlinuxBtf = vmlinux;
            Btfs.Publish(vmlinux!, 1);
        }

        // Id 1 is the kernel's own, whether it is there or not.
        Btfs.Reserve(1);
    }

    public BpfKernelOptions Options { get; }
    public BpfMemory Memory { get; }
    public MapContext MapContext { get; }

    /// <summary>The virtual CPUs.</summary>
    public CpuPool Cpus { get; }

    /// <summary>Clocks, trace pipe and current task of runs.</summary>
    public KernelServices Services { get; } = new();

    public IdTable<BpfProgram> Programs { get; } = new();
    public IdTable<BpfMap> Maps { get; } = new();
    public IdTable<BtfObject> Btfs { get; } = new();
    public IdTable<KernelObject> Links { get; } = new();

    public KernelEvents Events { get; } = new();
    public Durability Durability { get; }

    /// <summary>What is mounted at /sys/fs/bpf.</summary>
    public Bpffs Fs { get; }

    /// <summary>The kernel's own types; null where none were given.</summary>
    public BtfObject? VmlinuxBtf { get; }

    /// <summary>kernel.bpf_stats_enabled by descriptors of BPF_ENABLE_STATS.</summary>
    public RunStatsSwitch RunStats { get; } = new();

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

    // An element of a map of fds, by the id that a look-up gives.
    private KernelObject? HeldBy(BpfMap map, uint id) => map.Type == BpfMapType.ProgArray ? Programs.Find(id) : Maps.Find(id);

    public void Dispose()
    {
        Durability.Dispose();
        Cpus.Dispose();
        Services.Dispose();
        Memory.Dispose();
    }
}
