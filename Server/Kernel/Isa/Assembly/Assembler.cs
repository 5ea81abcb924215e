namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>
/// Text to instructions. The syntax is that of the kernel's log (see docs/instructions.md), one instruction a line, with or
/// without <c>N:</c> and <c>(xx)</c> before it; comments after <c>;</c> and <c>//</c>; labels; <c>.insn</c> for any eight bytes;
/// <c>.rept N</c> ... <c>.endr</c> for repetitions.
/// </summary>
public static class Assembler
{
    /// <summary>Longest program that is made, in slots; the kernel's own limit on instructions walked.</summary>
    public const int MaxInsns = 1_000_000;

    // Bounds the work of empty repetitions.
    private const int MaxLines = 4_000_000;

    /// <summary>Assembles a source text.</summary>
    /// <exception cref="AsmException">The text is no program; nothing else is thrown on text.</exception>
    public static AssembledProgram Assemble(string text, IAsmSymbols? symbols = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new AsmRun(text, symbols).Run();
    }

    /// <summary>The same without an exception to catch.</summary>
    public static bool TryAssemble(string text, IAsmSymbols? symbols, out AssembledProgram? program, out AsmError? error)
    {
        program = null;
        error = null;
        try
        {
            program = Assemble(text, symbols);
            return true;
        }
        catch (AsmException e)
        {
            error = e.Error;
            return false;
        }
    }

    /// <summary>One run over one text: lines in order, labels noted, distances filled in at the end.</summary>
    private sealed class AsmRun(string text, IAsmSymbols? symbols)
    {
        private readonly string[] _lines = text.Split('\n');
        private readonly AsmOutput _output = new();
        private readonly AsmScanner _scanner = new();
        private readonly List<AsmReference> _references = [];
        private readonly Dictionary<string, int> _labels = new(StringComparer.Ordinal);
        private int _repeatStart = -1;
        private long _repeatLeft;

        public AssembledProgram Run()
        {
            var parser = new AsmStatement(_scanner, _output, _references, symbols);
            int done = 0;
            int line = 0;
            for (; line < _lines.Length; line++)
            {
                _scanner.Start(_lines[line].TrimEnd('\r'), line + 1);
                _output.Line = line + 1;
                if (++done > MaxLines || _output.Insns.Count > MaxInsns)
                    throw _scanner.Error($"at most {MaxInsns} instructions");
                TakePrefixes();
                if (_scanner.AtEnd)
                    continue;
                if (TakeRepeat(ref line))
                    continue;
                parser.Parse();
                if (!_scanner.AtEnd)
                    throw _scanner.Error("the end of the line");
            }

            _scanner.Start("", line);
            if (_repeatStart >= 0)
                throw _scanner.Error("'.endr'");
            Resolve();
            return new AssembledProgram([.. _output.Insns], [.. _output.Lines], _references, _labels);
        }

        // "label:" and "12:" in any number.
        private void TakePrefixes()
        {
            while (true)
            {
                int start = _scanner.Position;
                if (_scanner.TakeName(out string name) && _scanner.Take(":"))
                {
                    if (_repeatStart >= 0 || !_labels.TryAdd(name, _output.Insns.Count))
                        throw _scanner.ErrorAt(start, _repeatStart >= 0 ? "no label within .rept" : "a label that is not yet in use");
                    continue;
                }

                _scanner.Position = start;
                if (!char.IsAsciiDigit(_scanner.Peek()) || !_scanner.TakeNumber(out AsmNumber _))
                    return;
                _scanner.Demand(":");
            }
        }

        private bool TakeRepeat(ref int line)
        {
            if (_scanner.Take(".rept"))
            {
                if (_repeatStart >= 0)
                    throw _scanner.Error("no .rept within .rept");
                if (!_scanner.TakeNumber(out AsmNumber count) || !count.Within(1, MaxInsns))
                    throw _scanner.Error($"a count from 1 to {MaxInsns}");
                _repeatStart = line;
                _repeatLeft = (long)count.Magnitude;
            }
            else if (_scanner.Take(".endr"))
            {
                if (_repeatStart < 0)
                    throw _scanner.ErrorAt(0, ".rept before .endr");
                if (--_repeatLeft > 0)
                    line = _repeatStart;
                else
                    _repeatStart = -1;
            }
            else
            {
                return false;
            }

            return _scanner.AtEnd ? true : throw _scanner.Error("the end of the line");
        }

        private void Resolve()
        {
            foreach (AsmFixup fixup in _output.Fixups)
            {
                if (!_labels.TryGetValue(fixup.Label, out int target))
                    throw new AsmException(new AsmError(fixup.Line, fixup.Column, "a label of this program", fixup.Label));
                Insn insn = _output.Insns[fixup.Index];
                int distance = target - fixup.Index - 1;
                if (fixup.Field == AsmTargetField.Off && distance is < short.MinValue or > short.MaxValue)
                    throw new AsmException(new AsmError(fixup.Line, fixup.Column, "a label within 32767 instructions (gotol reaches farther)", fixup.Label));
                _output.Insns[fixup.Index] = fixup.Field == AsmTargetField.Off ? insn with { Off = (short)distance } : insn with { Imm = distance };
            }
        }
    }
}

/// <summary>What has been assembled so far.</summary>
internal sealed class AsmOutput
{
    public List<Insn> Insns { get; } = [];

    public List<int> Lines { get; } = [];

    public List<AsmFixup> Fixups { get; } = [];

    /// <summary>The line at hand, from 1.</summary>
    public int Line { get; set; }

    public void Add(Insn insn)
    {
        Insns.Add(insn);
        Lines.Add(Line);
    }
}
