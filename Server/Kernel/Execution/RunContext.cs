using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Programs;

namespace WebBpf.Kernel.Execution;

/// <summary>
/// A virtual CPU while it runs programs: what helpers and compiled code need at hand. There is one per CPU; a nested run keeps its CPU
/// and takes a further stack area. Helper bodies have the shape <c>static ulong NameCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)</c>
/// and read memory only through <see cref="BpfMemory.Resolve"/>.
/// </summary>
public sealed unsafe partial class RunContext
{
    public RunContext(MapContext maps, int cpu, IRunServices services)
    {
        Maps = maps;
        Memory = maps.Memory;
        Base = maps.Memory.Base;
        Cpu = cpu;
        Services = services;
    }

    public MapContext Maps { get; }
    public BpfMemory Memory { get; }
    public byte* Base { get; }
    public int Cpu { get; }
    public IRunServices Services { get; }

    /// <summary>The program that runs; changes with tail calls.</summary>
    public BpfProgram? Program { get; set; }

    /// <summary>What the program type keeps for its helpers during a run (the packet of an skb or xdp run).</summary>
    public object? Subject { get; set; }

    /// <summary>Set where a run was cut off.</summary>
    public RunAbort Abort { get; set; }

    /// <summary>Stopwatch ticks after which callbacks, tail calls, may_goto and repeat stop.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    /// <summary>Checked at the same places as the deadline.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Tail calls made so far in this run (limit 33).</summary>
    public int TailCalls { get; set; }
}

/// <summary>What helper bodies need of the rest of the kernel.</summary>
public interface IRunServices
{
    /// <summary>A finished line of bpf_trace_printk.</summary>
    void Trace(RunContext run, string text);

    /// <summary>Time of the boot clocks, in ns (bpf_ktime_get_*).</summary>
    ulong MonotonicNs { get; }

    ulong BootNs { get; }
    ulong RealtimeNs { get; }
    ulong TaiNs { get; }

    /// <summary>The task on whose behalf the program runs.</summary>
    Objects.BpfTask CurrentTask { get; }
}
