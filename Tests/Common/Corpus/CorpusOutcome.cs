using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Corpus;

/// <summary>What one kernel made of one case.</summary>
internal sealed class CorpusOutcome
{
    /// <summary>Result of the load: at least 0, or a negated errno.</summary>
    public long Load { get; set; }

    public string Log { get; set; } = "";

    /// <summary>A gap of ours that kept the case from being answered, in words; null for none.</summary>
    public string? Gap { get; set; }

    /// <summary>Result of the test run; null where there was none.</summary>
    public long? Run { get; set; }

    public uint Retval { get; set; }

    public byte[] Output { get; set; } = [];

    public byte[] CtxOutput { get; set; } = [];

    /// <summary>Contents of the maps that the case asks for after the run.</summary>
    public Dictionary<string, string> After { get; } = [];

    public string Verdict => Load >= 0 ? "accept" : $"reject {Errno.Name(Load)}";

    /// <summary>The last line of the log before the statistics; empty for an accepted program.</summary>
    public string Message => Load >= 0 ? "" : Log.Split('\n').Select(WithoutStatistics).LastOrDefault(l => l.Length > 0) ?? "";

    /// <summary>The line that counts instructions and states.</summary>
    public string Statistics => Log.Split('\n').LastOrDefault(l => l.Contains(" insns (limit ", StringComparison.Ordinal)) is { } line ? line[line.IndexOf("processed ", StringComparison.Ordinal)..] : "";

    // Some messages of the kernel lack a line end, so that the statistics follow on the same line.
    private static string WithoutStatistics(string line)
    {
        if (line.StartsWith("verification time ", StringComparison.Ordinal) || line.StartsWith("stack depth ", StringComparison.Ordinal))
            return "";
        int at = line.IndexOf("processed ", StringComparison.Ordinal);
        return at >= 0 && line.Contains(" insns (limit ", StringComparison.Ordinal) ? line[..at] : line;
    }

    /// <summary>Writes what this kernel answered into the case.</summary>
    public void Record(CorpusCase into)
    {
        into.Set("verdict", Verdict);
        into.Set("msg", Load >= 0 || Message.Length == 0 ? null : Message);
        if (Run is not { } run)
            return;
        if (into.Text("run") is { Length: > 0 } || run < 0)
            into.Set("run", run < 0 ? Errno.Name(run) : "");
        if (into.Text("retval") != "any")
            into.Set("retval", run < 0 ? null : RetvalText);
        if (into.Find("output") is not null)
            into.Set("output", Convert.ToHexStringLower(Output));
        if (into.Find("ctx_output") is not null)
            into.Set("ctx_output", Convert.ToHexStringLower(CtxOutput));
        foreach (CorpusEntry entry in into.Entries.Where(e => e.Key == "after"))
            entry.Text = $"{MapOf(entry)} {After[MapOf(entry)]}".TrimEnd();
    }

    /// <summary>What differs from the case's record, one line each; nothing for agreement.</summary>
    public List<string> Differences(CorpusCase from)
    {
        List<string> found = [];
        void Compare(string what, string? expected, string actual)
        {
            if (expected is not null && expected != actual)
                found.Add($"{what}: expected '{expected}', got '{actual}'");
        }

        Compare("verdict", from.Text("verdict"), Verdict);
        Compare("msg", Load >= 0 ? null : from.Text("msg"), Message);
        if (Run is not { } run || found.Count > 0)
            return found;
        Compare("run", from.Text("run") ?? "", run < 0 ? Errno.Name(run) : "");
        Compare("retval", from.Text("retval") is "any" or null ? null : from.Text("retval"), RetvalText);
        Compare("output", from.Text("output"), Convert.ToHexStringLower(Output));
        Compare("ctx_output", from.Text("ctx_output"), Convert.ToHexStringLower(CtxOutput));
        foreach (CorpusEntry entry in from.Entries.Where(e => e.Key == "after"))
            Compare("after", entry.Text, $"{MapOf(entry)} {After.GetValueOrDefault(MapOf(entry))}".TrimEnd());
        return found;
    }

    public static string MapOf(CorpusEntry entry) => entry.Text.Split(' ')[0];

    private string RetvalText => Retval > int.MaxValue ? $"0x{Retval:x}" : $"{Retval}";
}
