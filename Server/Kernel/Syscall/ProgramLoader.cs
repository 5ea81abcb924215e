using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall;

/// <summary>A program on its way into the kernel: what PROG_LOAD and a restore have in common.</summary>
internal sealed record ProgramRequest(ProgramFacts Facts, Insn[] Insns, string License, LoadEnvironment Environment)
{
    public ProgramSource Source { get; init; } = ProgramSource.None;

    /// <summary>Held by the caller; the program takes a reference of its own.</summary>
    public BtfObject? Btf { get; init; }

    public uint FuncInfoCount { get; init; }
    public uint LineInfoCount { get; init; }
    public uint CoreRelocationCount { get; init; }
    public int[]? FdArray { get; init; }

    /// <summary>Maps that the program holds although no instruction names them (fd_array_cnt). Held by the caller.</summary>
    public IReadOnlyList<BpfMap> BoundMaps { get; init; } = [];

    public uint Uid { get; init; }
    public DateTimeOffset LoadedAt { get; init; } = DateTimeOffset.UtcNow;
    public ILoadObserver? Observer { get; init; }
    public CancellationToken Cancellation { get; init; }
}

/// <summary>Verifies a program and makes it executable (bpf_check, bpf_prog_select_runtime).</summary>
internal static class ProgramLoader
{
    /// <summary>0 and the unpublished program with one reference, or the verifier's errno, negated.</summary>
    public static int Load(ProgramRequest request, VerifierLog log, BpfKernel kernel, out BpfProgram? program, out string? gap)
    {
        program = null;
        VerifierResult result = kernel.Options.Verifier(new VerifierRequest
        {
            Insns = request.Insns,
            Program = request.Facts,
            Environment = request.Environment,
            Log = log,
            Btf = request.Btf,
            FuncInfo = request.Source.FuncInfo,
            FuncInfoRecSize = request.Source.FuncInfoRecSize,
            FuncInfoCount = request.FuncInfoCount,
            LineInfo = request.Source.LineInfo,
            LineInfoRecSize = request.Source.LineInfoRecSize,
            LineInfoCount = request.LineInfoCount,
            CoreRelocationCount = request.CoreRelocationCount,
            FdArray = request.FdArray,
            BoundMaps = request.BoundMaps,
            Observer = request.Observer,
            Cancellation = request.Cancellation,
        });
        gap = result.Verdict.NotImplemented;
        if (result.Error != 0 || result.Program is not { } verified)
            return result.Error != 0 ? result.Error : -Errno.EOPNOTSUPP;

        request.Btf?.Get();
        program = new BpfProgram
        {
            Facts = request.Facts,
            Verified = verified,
            VerifierStats = result.Stats,
            LoadedInsns = request.Insns,
            Executable = ExecutableFactory.Create(verified, kernel.Options.Execution),
            Btf = request.Btf,
            Source = request.Source with { References = request.Environment.References(request.Insns, request.FdArray) },
            License = request.License,
            Tag = ProgramTag.Of(request.Insns),
            CreatedByUid = request.Uid,
            LoadedAt = request.LoadedAt,
            LoadTimeNs = kernel.Services.BootNs,
        };
        return 0;
    }

    /// <summary>Lets others find the program and tells of it.</summary>
    public static void Announce(BpfProgram program, BpfKernel kernel, BpfTask? task)
    {
        kernel.Events.Raise("prog_load", ObjectKind.Prog, program.Id, program.Name, task);
        program.Released += one => kernel.Events.Raise("prog_free", ObjectKind.Prog, one.Id, ((BpfProgram)one).Name, null);
    }
}
