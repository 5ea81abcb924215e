using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall;

/// <summary>Settings of one kernel.</summary>
public sealed record BpfKernelOptions
{
    /// <summary>Virtual CPUs: copies of per-CPU values, and runs at the same time. At least 1.</summary>
    public int Cpus { get; init; } = Environment.ProcessorCount;

    /// <summary>Raw bytes of the kernel's own BTF (id 1), or null for none.</summary>
    public byte[]? VmlinuxBtf { get; init; }

    public ExecutionOptions Execution { get; init; } = new();

    /// <summary>kernel.unprivileged_bpf_disabled is set (to 1 or 2): who lacks CAP_BPF may neither create maps nor load programs.</summary>
    public bool UnprivilegedBpfDisabled { get; init; } = true;

    /// <summary>Judges programs.</summary>
    public Func<VerifierRequest, VerifierResult> Verifier { get; init; } = BpfVerifier.Verify;

    /// <summary>Online NUMA nodes.</summary>
    public int NumaNodes { get; init; } = 1;

    /// <summary>Where changes of durable objects go; null where nothing outlives the process.</summary>
    public IDurableJournal? Journal { get; init; }

    /// <summary>/sys/devices/system/cpu/possible of the machine: the default of the service.</summary>
    public static int PossibleCpus()
    {
        const string Path = "/sys/devices/system/cpu/possible";
        if (!File.Exists(Path))
            return Environment.ProcessorCount;
        string last = File.ReadAllText(Path).Trim().Split(',', '-')[^1];
        return int.TryParse(last, out int highest) ? highest + 1 : Environment.ProcessorCount;
    }
}
