using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Corpus;

/// <summary>A map that a case creates before it loads: <c>name:type:key:value:max[:flags]</c>, and <c>inner=name</c> for maps of maps.</summary>
internal sealed record CorpusMap(string Name, BpfMapType Type, uint KeySize, uint ValueSize, uint MaxEntries, uint Flags, string? Inner);

/// <summary>One entry of a case: <c>-- key text</c> and the lines after it.</summary>
internal sealed class CorpusEntry(string key, string text)
{
    public string Key { get; } = key;

    public string Text { get; set; } = text;

    public List<string> Block { get; } = [];
}

/// <summary>One program with what the machine's kernel says of it. The format is described in Tests/Corpus/README.md.</summary>
internal sealed class CorpusCase(string file, int line)
{
    /// <summary>Lines between the last case and this one.</summary>
    public List<string> Preamble { get; init; } = [];

    public List<CorpusEntry> Entries { get; } = [];

    /// <summary>File below Tests/Corpus, with slashes.</summary>
    public string File { get; } = file;

    public int Line { get; } = line;

    public string Name => Text("name") ?? "";

    /// <summary>File and name: unique within the corpus.</summary>
    public string Id => $"{File}: {Name}";

    public BpfProgType Type => UapiName.TryParse(Text("type") ?? "", out BpfProgType type) ? type : throw Wrong("type");

    public uint AttachType => Text("attach") switch
    {
        null => 0,
        { } name => UapiName.TryParse(name, out BpfAttachType type) ? (uint)type : throw Wrong("attach"),
    };

    public string License => Text("license") ?? "GPL";

    public uint Flags => Number("flags", 0);

    public uint LogLevel => Number("log", 2);

    public string Asm => string.Join('\n', Find("asm")?.Block ?? throw Wrong("asm"));

    public IEnumerable<CorpusMap> Maps => Entries.Where(e => e.Key == "maps").Select(e => ParseMap(e.Text));

    /// <summary>Whether the program is run where it is accepted.</summary>
    public bool Runs => Find("input") is not null || Find("ctx") is not null || Find("run") is not null;

    public string? Text(string key) => Find(key)?.Text;

    public CorpusEntry? Find(string key) => Entries.FirstOrDefault(e => e.Key == key);

    public byte[]? Bytes(string key) => Text(key) is { } text ? ParseBytes(text) : null;

    /// <summary>Sets an entry's text, adding it at the end where there is none; null removes it.</summary>
    public void Set(string key, string? text)
    {
        CorpusEntry? entry = Find(key);
        if (text is null)
            Entries.RemoveAll(e => e.Key == key);
        else if (entry is null)
            Entries.Add(new CorpusEntry(key, text));
        else
            entry.Text = text;
    }

    /// <summary>Hex digits and repetitions: <c>ffee 14*00</c>.</summary>
    public byte[] ParseBytes(string text)
    {
        var bytes = new List<byte>();
        foreach (string token in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int star = token.IndexOf('*', StringComparison.Ordinal);
            byte[] one = Convert.FromHexString(token[(star + 1)..]);
            for (int i = star < 0 ? 1 : int.Parse(token[..star], System.Globalization.CultureInfo.InvariantCulture); i > 0; i--)
                bytes.AddRange(one);
        }

        return [.. bytes];
    }

    public FormatException Wrong(string what) => new($"{File}:{Line}: {what} of '{Name}' is missing or wrong.");

    private uint Number(string key, uint otherwise) => Text(key) is not { } text ? otherwise : ParseNumber(text);

    private CorpusMap ParseMap(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length < 5 || !UapiName.TryParse(parts[1], out BpfMapType type))
            throw Wrong("maps");
        string? inner = parts.FirstOrDefault(p => p.StartsWith("inner=", StringComparison.Ordinal))?[6..];
        uint flags = parts.Length > 5 && inner is null ? ParseNumber(parts[5]) : 0;
        return new CorpusMap(parts[0], type, ParseNumber(parts[2]), ParseNumber(parts[3]), ParseNumber(parts[4]), flags, inner);
    }

    private uint ParseNumber(string text)
    {
        bool hex = text.StartsWith("0x", StringComparison.Ordinal);
        return uint.TryParse(hex ? text[2..] : text, hex ? System.Globalization.NumberStyles.HexNumber : System.Globalization.NumberStyles.None, null, out uint value)
            ? value
            : throw Wrong($"number '{text}'");
    }
}
