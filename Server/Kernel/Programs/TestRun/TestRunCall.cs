using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;

namespace WebBpf.Kernel.Programs;

/// <summary>How a program type answers BPF_PROG_TEST_RUN (bpf_prog_ops.test_run); see <see cref="ProgramTypeInfo.TestRunner"/>.</summary>
public interface ITestRunnable
{
    /// <summary>
    /// Runs the program as the call asks and fills the call's outputs; what was filled reaches the caller whatever is returned. 0 or a negative errno
    /// in the kernel's order of checks. The caller holds a reference on the program.
    /// </summary>
    int TestRun(BpfProgram program, TestRunCall call);
}

/// <summary>The fields of bpf_attr.test, and what a run needs of the kernel.</summary>
public sealed class TestRunCall
{
    public required IUserMemory Memory { get; init; }
    public required CpuPool Cpus { get; init; }
    public required BpfTask Task { get; init; }

    /// <summary>True while runs are to be counted and timed (BPF_ENABLE_STATS).</summary>
    public bool StatsEnabled { get; init; }

    public CancellationToken Cancellation { get; init; }

    /// <summary>Addresses in the caller's memory, 0 where none.</summary>
    public ulong DataIn { get; init; }

    public ulong DataOut { get; init; }
    public ulong CtxIn { get; init; }
    public ulong CtxOut { get; init; }

    /// <summary>Bytes behind the addresses.</summary>
    public uint DataSizeIn { get; init; }

    public uint DataSizeOut { get; init; }
    public uint CtxSizeIn { get; init; }
    public uint CtxSizeOut { get; init; }
    public uint Repeat { get; init; }
    public uint Flags { get; init; }
    public uint Cpu { get; init; }
    public uint BatchSize { get; init; }

    /// <summary>What the caller left in the field that <see cref="Duration"/> is written to: some types demand 0.</summary>
    public uint DurationIn { get; init; }

    // Outputs: what stays null is not written back.

    public uint? Retval { get; set; }
    public uint? WrittenDataSize { get; set; }
    public uint? WrittenCtxSize { get; set; }

    /// <summary>Mean time of one repetition in ns.</summary>
    public uint? Duration { get; set; }

    /// <summary>What could not be done because of a gap of ours (the run then ends with EOPNOTSUPP), in words.</summary>
    public string? NotImplemented { get; set; }
}
