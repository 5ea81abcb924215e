using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>A loaded program: verified, rewritten and ready to run.</summary>
public sealed class BpfProgram : KernelObject
{
    public override ObjectKind Kind => ObjectKind.Prog;
    public required ProgramFacts Facts { get; init; }
    public required VerifiedProgram Verified { get; init; }
    public required VerifierStats VerifierStats { get; init; }

    /// <summary>The instructions as they were loaded: what a restart loads again.</summary>
    public required Insn[] LoadedInsns { get; init; }

    /// <summary>Machine code (or the interpreter's form) of the program.</summary>
    public required IExecutable Executable { get; init; }

    public Btf.BtfObject? Btf { get; init; }
    public ProgramSource Source { get; init; } = ProgramSource.None;
    public string License { get; init; } = "";

    /// <summary>First 8 bytes of SHA-1 over the instructions with map fds blanked, as prog_tag.</summary>
    public required byte[] Tag { get; init; }

    public uint CreatedByUid { get; init; }
    public DateTimeOffset LoadedAt { get; init; }

    /// <summary>When it was loaded, in ns since boot.</summary>
    public ulong LoadTimeNs { get; init; }
    public RunStatistics Statistics { get; } = new();

    public BpfProgType Type => Facts.Type.Type;
    public string Name => Facts.Name;

    protected override void Release()
    {
        Executable.Dispose();
        foreach (Maps.BpfMap map in Verified.UsedMaps)
            map.Put();
        Btf?.Put();
    }
}
