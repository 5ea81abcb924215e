namespace WebBpf.Kernel.Execution;

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
