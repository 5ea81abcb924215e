using System.Text;
using WebBpf.Tests.Corpus;

namespace WebBpf.Tests.Parity.Corpus;

/// <summary>The corpus on two kernels: what agrees, and what differs first.</summary>
internal sealed class CorpusComparison
{
    private readonly List<string> _verdicts = [];
    private readonly List<string> _messages = [];
    private readonly List<string> _results = [];
    private readonly List<string> _statistics = [];
    private readonly List<string> _texts = [];
    private readonly List<string> _unanswered = [];
    private readonly Dictionary<string, int> _gaps = [];
    private string _logs = "";
    private int _cases;
    private int _sameText;
    private int _answered;

    /// <summary>Differences in verdict or errno, without the cases that our kernel does not answer yet.</summary>
    public IReadOnlyList<string> Verdicts => _verdicts;

    public IReadOnlyList<string> Messages => _messages;

    public IReadOnlyList<string> Results => _results;

    public IReadOnlyList<string> Statistics => _statistics;

    /// <summary>Cases that our kernel does not answer yet.</summary>
    public IReadOnlyList<string> Unanswered => _unanswered;

    public void Add(CorpusCase one, CorpusOutcome linux, CorpusOutcome ours)
    {
        _cases++;
        if (ours.Gap is { } gap && ours.Load < 0)
        {
            _gaps[gap] = _gaps.GetValueOrDefault(gap) + 1;
            _unanswered.Add($"{one.Id}: {gap}");
            return;
        }

        _answered++;
        _logs = $"\n== {one.Id}, linux\n{linux.Log}\n== {one.Id}, ours\n{ours.Log}";
        if (linux.Verdict != ours.Verdict)
        {
            _verdicts.Add($"{one.Id}\n    linux: {linux.Verdict}: {linux.Message}\n    ours:  {ours.Verdict}: {ours.Message}");
            return;
        }

        if (linux.Message != ours.Message)
            _messages.Add($"{one.Id}\n    linux: {linux.Message}\n    ours:  {ours.Message}");
        AddResults(one, linux, ours);
        if (linux.Statistics != ours.Statistics)
            _statistics.Add($"{one.Id}\n    linux: {linux.Statistics}\n    ours:  {ours.Statistics}");
        AddText(one, linux, ours);
    }

    /// <summary>Counts only.</summary>
    public string Summary() =>
        $"corpus: {_cases} cases, {_answered} answered, {_cases - _answered} not implemented; of the answered: verdict or errno differs {_verdicts.Count}, "
        + $"message differs {_messages.Count}, results differ {_results.Count}, statistics differ {_statistics.Count}, log text equal {_sameText}";

    /// <summary>Everything that differs, the gravest first; of a single case both logs, too.</summary>
    public string Report()
    {
        var text = new StringBuilder(Summary()).Append('\n');
        foreach ((string gap, int count) in _gaps.OrderByDescending(g => g.Value))
            text.Append($"not implemented, {count} cases: {gap}\n");
        Section(text, "VERDICT OR ERRNO", _verdicts);
        Section(text, "MESSAGE", _messages);
        Section(text, "RESULTS OF RUNS", _results);
        Section(text, "STATISTICS LINE", _statistics);
        Section(text, "LOG TEXT, first line that differs", _texts);
        if (_cases == 1)
            text.Append(_logs);
        return text.ToString();
    }

    private static void Section(StringBuilder text, string title, List<string> lines)
    {
        text.Append($"\n== {title}: {lines.Count}\n");
        foreach (string line in lines)
            text.Append(line).Append('\n');
    }

    private void AddResults(CorpusCase one, CorpusOutcome linux, CorpusOutcome ours)
    {
        if (linux.Run is null)
            return;
        if (ours.Gap is { } gap && ours.Run is null or < 0)
        {
            _gaps[$"run: {gap}"] = _gaps.GetValueOrDefault($"run: {gap}") + 1;
            return;
        }

        string Text(CorpusOutcome o) => $"run {o.Run} retval 0x{(one.Text("retval") == "any" ? 0 : o.Retval):x} output {Convert.ToHexStringLower(o.Output)} ctx {Convert.ToHexStringLower(o.CtxOutput)} after "
            + string.Join(' ', o.After.Select(a => $"{a.Key} {a.Value}"));
        if (Text(linux) != Text(ours))
            _results.Add($"{one.Id}\n    linux: {Text(linux)}\n    ours:  {Text(ours)}");
    }

    private void AddText(CorpusCase one, CorpusOutcome linux, CorpusOutcome ours)
    {
        string[] expected = Lines(linux.Log);
        string[] actual = Lines(ours.Log);
        int at = 0;
        while (at < expected.Length && at < actual.Length && expected[at] == actual[at])
            at++;
        if (at == expected.Length && at == actual.Length)
            _sameText++;
        else
            _texts.Add($"{one.Id}, line {at + 1}\n    linux: {expected.ElementAtOrDefault(at)}\n    ours:  {actual.ElementAtOrDefault(at)}");
    }

    // Times and addresses of the machine are nobody's business.
    private static string[] Lines(string log) =>
        [.. log.Split('\n').Where(l => !l.StartsWith("verification time ", StringComparison.Ordinal)).Select(HideAddress)];

    private static string HideAddress(string line)
    {
        int at = line.IndexOf("(18) r", StringComparison.Ordinal);
        int value = at < 0 ? -1 : line.IndexOf("= 0x", at, StringComparison.Ordinal);
        if (value < 0)
            return line;
        int end = value + 4;
        while (end < line.Length && char.IsAsciiHexDigit(line[end]))
            end++;
        if (end - value - 4 < 11)
            return line;

        // The state that follows is aligned to a column, which the length of the address shifts.
        return line[..(value + 2)] + "ADDRESS " + line[end..].TrimStart();
    }
}
