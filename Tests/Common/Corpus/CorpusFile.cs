using System.Text;

namespace WebBpf.Tests.Corpus;

/// <summary>A file of cases: read, and written back with what a kernel answered.</summary>
internal sealed class CorpusFile
{
    private static readonly HashSet<string> Keys = new(StringComparer.Ordinal)
    {
        "name", "type", "attach", "license", "flags", "log", "maps", "freeze", "init", "asm", "func", "input", "ctx", "run", "verdict", "msg", "retval", "output", "ctx_output", "after",
    };

    private readonly string _path;
    private readonly List<string> _tail = [];

    private CorpusFile(string path) => _path = path;

    public List<CorpusCase> Cases { get; } = [];

    /// <summary>The folder Tests/Corpus.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>All cases, in the order of files and lines.</summary>
    public static IEnumerable<CorpusFile> All() =>
        Directory.EnumerateFiles(Root, "*.bpf", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read);

    public static CorpusFile Read(string path)
    {
        var file = new CorpusFile(path);
        string name = Path.GetRelativePath(Root, path).Replace('\\', '/');
        CorpusCase? current = null;
        List<string> between = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.StartsWith("-- ", StringComparison.Ordinal))
                current = file.AddEntry(line, current, between, name, number);
            else if (line.StartsWith('#') || (line.Length == 0 && current?.Entries[^1].Key != "asm") || current is null)
                between.Add(line);
            else if (current.Entries[^1].Key == "asm")
                current.Entries[^1].Block.Add(line);
            else
                throw new FormatException($"{name}:{number}: text outside of an asm block.");
        }

        file._tail.AddRange(between);
        return file;
    }

    /// <summary>Writes the file again, entries in their order.</summary>
    public void Save() => File.WriteAllText(_path, ToString());

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (CorpusCase one in Cases)
        {
            foreach (string line in one.Preamble)
                text.Append(line).Append('\n');
            foreach (CorpusEntry entry in one.Entries)
            {
                text.Append("-- ").Append(entry.Key).Append(entry.Text.Length > 0 ? " " : "").Append(entry.Text).Append('\n');
                foreach (string line in entry.Block)
                    text.Append(line).Append('\n');
            }
        }

        foreach (string line in _tail)
            text.Append(line).Append('\n');
        return text.ToString();
    }

    private CorpusCase? AddEntry(string line, CorpusCase? current, List<string> between, string name, int number)
    {
        string[] parts = line[3..].Split(' ', 2);
        if (!Keys.Contains(parts[0]))
            throw new FormatException($"{name}:{number}: there is no entry '{parts[0]}'.");
        if (parts[0] == "name")
        {
            current = new CorpusCase(name, number) { Preamble = [.. between] };
            between.Clear();
            Cases.Add(current);
        }

        if (current is null)
            throw new FormatException($"{name}:{number}: a case begins with '-- name'.");
        current.Entries.Add(new CorpusEntry(parts[0], parts.Length > 1 ? parts[1].Trim() : ""));
        return current;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "Tests", "Corpus");
            if (File.Exists(Path.Combine(at.FullName, "WebBpf.sln")) && Directory.Exists(folder))
                return folder;
        }

        throw new InvalidOperationException("Tests/Corpus was not found above the test's folder.");
    }
}
