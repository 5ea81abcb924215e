using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Report;

/// <summary>Says what came out of a verification in a form for people and tools: category, message, place, registers, causes, a hint.</summary>
internal static partial class VerdictBuilder
{
    // Steps back along the path in search of who set a register.
    private const int MaxSteps = 10_000;
    private const int MaxCauses = 8;

    /// <param name="error">0 or the negative errno that the verification ended with.</param>
    /// <param name="state">The state in which the walk stopped; null where it stopped before or after the walk.</param>
    /// <param name="insnIdx">The instruction it stopped at, -1 where there is none.</param>
    public static Verdict Build(VerifierEnv env, int error, VerifierState? state = null, int insnIdx = -1)
    {
        if (env.NotImplemented is { } gap)
            return new Verdict(false) { Category = "not_implemented", NotImplemented = gap, Message = $"not implemented: {gap}", Instruction = Original(env, insnIdx) };
        if (error == 0)
            return new Verdict(true);
        string message = Message(env.Log.LastMessage);
        if (insnIdx < 0 && InsnNumber().Match(message) is { Success: true } named)
            insnIdx = int.Parse(named.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        RejectionKind kind = Array.Find(RejectionKinds.All, k => message.Contains(k.Contains, StringComparison.Ordinal));
        FuncState? frame = state?.Frames[0] is null ? null : state.Frame;
        return new Verdict(false)
        {
            Category = kind.Category ?? "rejected",
            Message = message,
            Hint = kind.Hint,
            Instruction = Original(env, insnIdx),
            Source = Source(env, insnIdx),
            Registers = frame is null ? null : Registers(frame),
            Stack = frame is null ? null : Stack(frame),
            Cause = Causes(env, message, state, insnIdx),
        };
    }

    private static string Message(string? last)
    {
        string[] lines = (last ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? "" : lines[^1].Trim();
    }

    private static int Original(VerifierEnv env, int insnIdx) => (uint)insnIdx < (uint)env.Aux.Length ? env.Aux[insnIdx].OrigIdx : -1;

    private static SourceLine? Source(VerifierEnv env, int insnIdx) =>
        env.Request.Btf is { } btf && LineInfoLookup.Record(env, insnIdx) is >= 0 and int record ? LineInfoLookup.Source(btf, env.LineInfos[record]) : null;

    private static Dictionary<string, string> Registers(FuncState frame)
    {
        var registers = new Dictionary<string, string>();
        for (int i = 0; i < Op.MaxRegs; i++)
        {
            if (frame.Regs[i].Type != RegType.NotInit)
                registers.Add($"R{i}", Text(frame, frame.Regs[i]));
        }

        return registers;
    }

    private static Dictionary<string, string> Stack(FuncState frame)
    {
        var slots = new Dictionary<string, string>();
        for (int i = 0; i < frame.StackSlots; i++)
        {
            if (frame.Stack[i].Types == 0)
                continue;
            var text = new StringBuilder();
            StateText.AppendSlot(text, frame, frame.Stack[i]);
            slots.Add($"fp{(-i - 1) * StackSlot.Size}", text.ToString());
        }

        return slots;
    }

    // The instruction, the registers the message names, who set them, and the branches that led here; the last step first.
    private static List<string> Causes(VerifierEnv env, string message, VerifierState? state, int insnIdx)
    {
        var causes = new List<string>();
        if ((uint)insnIdx >= (uint)env.Insns.Length)
            return causes;
        causes.Add($"{message} at {Line(env, insnIdx)}");
        if (state?.Frames[0] is null)
            return causes;
        foreach (Match match in RegisterName().Matches(message))
        {
            int regno = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            if (regno >= Op.MaxRegs || regno == Op.R10)
                continue;
            FuncState frame = state.Frame;
            string held = frame.Regs[regno].Type == RegType.NotInit ? "no value" : Text(frame, frame.Regs[regno]);
            int writer = Writer(env, state, insnIdx, regno);
            causes.Add(writer < 0 ? $"R{regno} holds {held}" : $"R{regno} holds {held} since {Line(env, writer)}");
        }

        foreach ((int from, int to) in Branches(env, state))
        {
            if (causes.Count >= MaxCauses)
                break;
            causes.Add($"reached by the jump from {Line(env, from)} to {to}");
        }

        return causes;
    }

    private static int Writer(VerifierEnv env, VerifierState state, int insnIdx, int regno)
    {
        int steps = 0;
        foreach (int at in Path(state, insnIdx))
        {
            if (steps++ > MaxSteps || (uint)at >= (uint)env.Insns.Length)
                return -1;
            Insn insn = env.Insns[at];
            bool writes = insn.Class switch
            {
                Op.Alu or Op.Alu64 or Op.Ldx or Op.Ld => insn.Dst == regno,
                Op.Jmp => insn.IsCall() && regno <= Op.R5,
                _ => false,
            };
            if (writes)
                return at;
            // What happened in another function is another frame's.
            if (insn.IsExit() || insn.IsPseudoCall())
                return -1;
        }

        return -1;
    }

    private static IEnumerable<(int From, int To)> Branches(VerifierEnv env, VerifierState state)
    {
        int steps = 0;
        for (VerifierState? at = state; at is not null && steps < MaxSteps; at = at.Parent)
        {
            for (int i = at.History.Count - 1; i >= 0; i--, steps++)
            {
                JumpRecord record = at.History[i];
                if ((uint)record.PrevIdx < (uint)env.Insns.Length && env.Insns[record.PrevIdx].IsJump() && record.Idx != record.PrevIdx + 1)
                    yield return (record.PrevIdx, record.Idx);
            }
        }
    }

    // The instructions before one, backwards along the recorded path.
    private static IEnumerable<int> Path(VerifierState state, int insnIdx)
    {
        int at = insnIdx;
        for (VerifierState? segment = state; segment is not null; segment = segment.Parent)
        {
            int history = segment.History.Count;
            while (true)
            {
                if (at == segment.FirstInsnIdx && (history == 0 || (history == 1 && segment.History[0].Idx == at)))
                    break;
                at = history > 0 && segment.History[history - 1].Idx == at ? segment.History[--history].PrevIdx : at - 1;
                if (at < 0)
                    yield break;
                yield return at;
            }

            at = segment.LastInsnIdx;
            if (at < 0)
                yield break;
            yield return at;
        }
    }

    private static string Line(VerifierEnv env, int insnIdx)
    {
        string line = $"{Original(env, insnIdx)}: {Disassembler.Line(env.Insns, insnIdx)}";
        return Source(env, insnIdx) is { } source ? $"{line} ({source.Text} @ {source.File[(source.File.LastIndexOf('/') + 1)..]}:{source.Line})" : line;
    }

    private static string Text(FuncState frame, in RegState reg)
    {
        var text = new StringBuilder();
        StateText.AppendReg(text, frame, reg);
        return text.ToString();
    }

    [GeneratedRegex(@"insn (\d+)")]
    private static partial Regex InsnNumber();

    [GeneratedRegex(@"\bR(\d+)\b")]
    private static partial Regex RegisterName();
}
