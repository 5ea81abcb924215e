using WebBpf.Kernel.Verifier;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>The engine's verdicts as the wire has them.</summary>
public static class Verdicts
{
    public static VerdictInfo? Info(Verdict? verdict) => verdict is null
        ? null
        : new VerdictInfo(
            verdict.Accepted,
            verdict.Category,
            verdict.Message,
            verdict.Instruction,
            verdict.Source is { } s ? new SourceInfo(s.File, s.Line, s.Column, s.Text) : null,
            verdict.Registers,
            verdict.Stack,
            verdict.Cause,
            verdict.Hint,
            null,
            verdict.NotImplemented);

    public static VerificationStats Info(in VerifierStats stats) =>
        new(stats.InsnsProcessed, stats.PeakStates, stats.TotalStates, stats.VerificationTimeNs / 1000);
}
