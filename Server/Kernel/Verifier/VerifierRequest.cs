using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier;

/// <summary>Everything bpf_check needs to know of a load. PROG_LOAD fills it in after its own checks of the attr.</summary>
public sealed class VerifierRequest
{
    /// <summary>The program as it was loaded; the verifier works on a copy.</summary>
    public required Insn[] Insns { get; init; }

    public required ProgramFacts Program { get; init; }

    public required IVerifierEnvironment Environment { get; init; }

    public required VerifierLog Log { get; init; }

    /// <summary>BTF of the program, null where prog_btf_fd was 0.</summary>
    public Btf.BtfObject? Btf { get; init; }

    /// <summary>func_info records as they were passed; record size in bytes, as func_info_rec_size.</summary>
    public byte[] FuncInfo { get; init; } = [];

    public uint FuncInfoRecSize { get; init; }
    public uint FuncInfoCount { get; init; }

    public byte[] LineInfo { get; init; } = [];
    public uint LineInfoRecSize { get; init; }
    public uint LineInfoCount { get; init; }

    /// <summary>Number of CO-RE relocation records: not applied yet (not_implemented where above 0).</summary>
    public uint CoreRelocationCount { get; init; }

    /// <summary>The fds of fd_array; null where the caller passed none.</summary>
    public int[]? FdArray { get; init; }

    /// <summary>Maps that the program is to hold although no instruction may name them (fd_array_cnt), in this order before all others. Held by the caller.</summary>
    public IReadOnlyList<BpfMap> BoundMaps { get; init; } = [];

    public ILoadObserver? Observer { get; init; }

    public CancellationToken Cancellation { get; init; }
}

/// <summary>What kind of program is judged and what its loader may do.</summary>
public sealed record ProgramFacts
{
    public required ProgramTypeInfo Type { get; init; }
    public BpfAttachType ExpectedAttachType { get; init; }

    /// <summary>prog_flags (BPF_F_STRICT_ALIGNMENT, BPF_F_SLEEPABLE, ...).</summary>
    public uint Flags { get; init; }

    public string Name { get; init; } = "";
    public bool GplCompatible { get; init; }
    public uint AttachBtfId { get; init; }
    public bool BpfCapable { get; init; } = true;
    public bool PerfmonCapable { get; init; } = true;
    public bool NetAdminCapable { get; init; } = true;
}

/// <summary>How the verifier reaches the rest of the kernel: objects behind fds. Objects come with a reference for the caller.</summary>
public interface IVerifierEnvironment
{
    /// <summary>The map behind an fd, or null with EBADF (not open) or EINVAL (open, but no map).</summary>
    BpfMap? GetMap(int fd, out int error);

    Btf.BtfObject? GetBtf(int fd, out int error);

    /// <summary>The kernel's own types; null where there are none.</summary>
    Btf.BtfObject? VmlinuxBtf { get; }

    /// <summary>Number of possible CPUs (bounds what bpf_get_smp_processor_id returns).</summary>
    int Cpus { get; }
}

/// <summary>What came out: a program, a rejection (<see cref="Error"/>), or a gap of ours (<see cref="Verdict.NotImplemented"/>).</summary>
public sealed record VerifierResult(int Error, Verdict Verdict, VerifierStats Stats, VerifiedProgram? Program);
