using System.Diagnostics;
using System.Runtime.InteropServices;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Objects;
using WebBpf.Loader.Sections;

namespace WebBpf.Loader.Loading;

/// <summary>Loads one linked program: puts map fds into its immediates and passes its debug records along.</summary>
internal sealed class ProgramLoader(CallRunner calls, LoadOptions options, BpfObject source, IReadOnlyList<LoadedMap> maps, int btfFd)
{
    private const int SmallLog = 128 << 10;
    private const uint FlagSleepable = 1u << 4;
    private const uint FlagXdpHasFrags = 1u << 5;

    public LoadedProgram Load(ProgramSpec program)
    {
        SectionRule rule = program.Match.Rule;
        var result = new LoadedProgram(program.Name, program.Section, rule.Type);
        if (program.CoreRelocations > 0)
            return Missing(result, $"CO-RE relocations ({program.CoreRelocations} in {program.Name})");
        if (rule.NeedsBtfTarget)
            return Missing(result, $"programs that attach to types or functions of the kernel's BTF (section {program.Section})");

        long start = Stopwatch.GetTimestamp();
        LoadAttempt attempt = Try(program, options.LogLevel);
        if (attempt.Fd < 0 && attempt.NotImplemented is null && options.RetryLogLevel > options.LogLevel)
            attempt = Try(program, options.RetryLogLevel) is { Fd: < 0 } retried ? retried : attempt;
        return result with
        {
            Fd = attempt.Fd >= 0 ? (int)attempt.Fd : -1,
            Error = attempt.Fd < 0 ? (int)attempt.Fd : 0,
            Id = attempt.Fd >= 0 ? calls.IdOf((int)attempt.Fd) : 0,
            Log = attempt.Log,
            Verdict = attempt.Verdict,
            NotImplemented = attempt.NotImplemented,
            LoadUs = (long)Stopwatch.GetElapsedTime(start).TotalMicroseconds,
        };
    }

    private static LoadedProgram Missing(LoadedProgram result, string what) =>
        result with { Error = -Errno.EOPNOTSUPP, NotImplemented = what, Log = $"not implemented: {what}\n" };

    /// <summary>Tries with a small log first: most logs are short, and a log that does not fit fails the load with ENOSPC.</summary>
    private LoadAttempt Try(ProgramSpec program, uint logLevel)
    {
        LoadAttempt attempt = Try(program, logLevel, Math.Min(SmallLog, options.LogSize));
        return attempt.Fd == -Errno.ENOSPC && options.LogSize > SmallLog ? Try(program, logLevel, options.LogSize) : attempt;
    }

    private LoadAttempt Try(ProgramSpec program, uint logLevel, int logSize)
    {
        SectionRule rule = program.Match.Rule;
        Insn[] insns = WithMaps(program);
        AttrBuilder attr = calls.NewAttr(BpfCommand.ProgLoad)
            .Set("prog_type", (uint)rule.Type)
            .Set("insn_cnt", (uint)insns.Length)
            .SetBytes("insns", Insn.ToBytes(insns))
            .SetText("license", source.License)
            .SetName("prog_name", program.Name)
            .Set("prog_flags", options.ProgramFlags | (rule.Sleepable ? FlagSleepable : 0) | (rule.Fragments ? FlagXdpHasFrags : 0))
            .Set("log_level", logLevel);
        if (rule.SendsAttachType)
            attr.Set("expected_attach_type", (uint)rule.AttachType);
        UserBuffer? log = null;
        if (logLevel != 0)
            attr.Set("log_size", (uint)logSize).SetBuffer("log_buf", logSize, out log);
        if (btfFd >= 0 && program.FuncInfos.Count > 0)
            SetDebugRecords(attr, program);

        return calls.RunLoad(attr, log);
    }

    private void SetDebugRecords(AttrBuilder attr, ProgramSpec program)
    {
        var funcs = program.FuncInfos.ToArray();
        attr.Set("prog_btf_fd", (uint)btfFd)
            .Set("func_info_rec_size", 8)
            .Set("func_info_cnt", (uint)funcs.Length)
            .SetBytes("func_info", MemoryMarshal.AsBytes<Kernel.Verifier.FuncInfo>(funcs));
        var lines = program.LineInfos.ToArray();
        if (lines.Length > 0)
        {
            attr.Set("line_info_rec_size", 16)
                .Set("line_info_cnt", (uint)lines.Length)
                .SetBytes("line_info", MemoryMarshal.AsBytes<Kernel.Verifier.LineInfo>(lines));
        }
    }

    private Insn[] WithMaps(ProgramSpec program)
    {
        Insn[] insns = (Insn[])program.Insns.Clone();
        foreach (MapReference reference in program.MapReferences)
        {
            Insn low = insns[reference.Insn];
            int pseudo = reference.ValueOffset is null ? Op.PseudoMapFd : Op.PseudoMapValue;
            insns[reference.Insn] = new Insn(low.Code, low.Dst, pseudo, 0, maps[reference.Map].Fd);
            insns[reference.Insn + 1] = new Insn(0, 0, 0, 0, (int)(reference.ValueOffset ?? 0));
        }

        return insns;
    }
}

/// <summary>One PROG_LOAD: an fd or a negated errno, and what was said.</summary>
internal sealed record LoadAttempt(long Fd, string Log, Kernel.Verifier.Verdict? Verdict, string? NotImplemented);
