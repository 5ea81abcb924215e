using System.Text;
using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Report;

/// <summary>
/// Writes the walk's part of the log: the instruction's line, the source line above it, what it changed behind it. As do_check,
/// verbose_linfo and print_insn_state (6.18). Remembers where the last instruction's line ends, so that the state can join it.
/// </summary>
internal sealed class InsnText(VerifierEnv env, Scratch scratch)
{
    // The "; R1=..." part starts at column 40, or a multiple of 8 behind a longer instruction.
    private const int Column = 40;
    private const int ColumnStep = 8;

    private readonly StringBuilder _text = new(256);
    private int _lineEnd;
    private int _lineLength;
    private int _lastLine = -1;

    /// <summary>A function is verified from its start: its first source line is written again.</summary>
    public void Restart() => _lastLine = -1;

    /// <summary>The whole state of a path that is taken up: "from 3 to 7: R0=...".</summary>
    public void From(int previous, int insnIdx, VerifierState state)
    {
        if (!env.Log.Enabled)
            return;
        _text.Clear().Append("\nfrom ").Append(previous).Append(" to ").Append(insnIdx).Append(Speculative(state)).Append(':');
        StateText.Append(_text, state.Frame, state, printAll: true, scratch);
        Flush();
    }

    /// <summary>A path that needs no more walking: "from 3 to 7: safe", or "7: safe" in mid-path.</summary>
    public void Safe(int previous, int insnIdx, VerifierState state, bool pathStart)
    {
        if (!env.Log.Enabled)
            return;
        env.Log.Write(pathStart ? $"\nfrom {previous} to {insnIdx}{Speculative(state)}: safe\n" : $"{insnIdx}: safe\n");
    }

    /// <summary>What changed, if anything did, then the instruction (with its source line where that is another one).</summary>
    public void Insn(int insnIdx, VerifierState state)
    {
        if (!env.Log.Enabled)
            return;
        if (scratch.Any)
            Changes(insnIdx, state, state.Frame);
        Source(insnIdx, "; ");
        int start = env.Log.Length;
        _text.Clear().Append(insnIdx).Append(": ");
        Disassembler.Append(_text, env.Insns, insnIdx, null, env.Request.Program.PerfmonCapable);
        _text.Append('\n');
        Flush();
        _lineEnd = env.Log.Length;
        _lineLength = _lineEnd - start;
    }

    /// <summary>Scratched registers and slots of a frame, behind the instruction's line if that was the last thing written (print_insn_state).</summary>
    public void Changes(int insnIdx, VerifierState state, FuncState frame)
    {
        if (!env.Log.Enabled)
            return;
        _text.Clear();
        if (_lineEnd != 0 && _lineEnd == env.Log.Length)
        {
            env.Log.Reset(_lineEnd - 1);
            _text.Append(' ', Padding(_lineLength)).Append(';');
        }
        else
        {
            _text.Append(insnIdx).Append(':');
        }

        StateText.Append(_text, frame, state, printAll: false, scratch);
        Flush();
    }

    /// <summary>All that is known of a frame, on a line of its own (print_verifier_state with print_all).</summary>
    public void Whole(VerifierState state, FuncState frame)
    {
        if (!env.Log.Enabled)
            return;
        _text.Clear();
        StateText.Append(_text, frame, state, printAll: true, scratch);
        Flush();
    }

    /// <summary>The C source line of an instruction: "; text @ file:line". Written once while successive records name the same line.</summary>
    public void Source(int insnIdx, string prefix)
    {
        int record = LineInfoLookup.Record(env, insnIdx);
        if (!env.Log.Enabled || record < 0 || record == _lastLine || env.Request.Btf is not { } btf)
            return;
        LineInfo line = env.LineInfos[record];
        if (_lastLine >= 0 && line.FileNameOff == env.LineInfos[_lastLine].FileNameOff && line.LineCol >> 10 == env.LineInfos[_lastLine].LineCol >> 10)
            return;
        SourceLine source = LineInfoLookup.Source(btf, line);
        env.Log.Write($"{prefix}{source.Text} @ {source.File[(source.File.LastIndexOf('/') + 1)..]}:{source.Line}\n");
        _lastLine = record;
    }

    // Blanks before the semicolon; the newline that was there is gone.
    private static int Padding(int length) =>
        (Math.Max(length + ColumnStep / 2, Column) + ColumnStep - 1) / ColumnStep * ColumnStep - length - 1;

    private static string Speculative(VerifierState state) => state.Speculative ? " (speculative execution)" : "";

    private void Flush() => env.Log.Write(_text.ToString());
}

/// <summary>Finds and reads line_info records.</summary>
internal static class LineInfoLookup
{
    /// <summary>Index of the record that covers an instruction; -1 where the program has none.</summary>
    public static int Record(VerifierEnv env, int insnIdx)
    {
        LineInfo[] lines = env.LineInfos;
        if (lines.Length == 0 || insnIdx < 0 || insnIdx >= env.Insns.Length)
            return -1;
        int low = 0, high = lines.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (lines[middle].InsnOff <= (uint)insnIdx)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    /// <summary>The text (without leading blanks), file, line and column of a record.</summary>
    public static SourceLine Source(BtfObject btf, LineInfo line) =>
        new(btf.Types.String(line.FileNameOff), (int)(line.LineCol >> 10), (int)(line.LineCol & 0x3ff), btf.Types.String(line.LineOff).TrimStart(' ', '\t', '\n', '\v', '\f', '\r'));
}
