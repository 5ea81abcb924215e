using System.Diagnostics;
using System.Text;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Common.Generator;

namespace WebBpf.Tests.Parity.Generated;

/// <summary>Generated programs on two kernels: verdicts, some whole logs, and results of runs.</summary>
internal sealed class GeneratedComparison(GeneratedHost linux, GeneratedHost ours)
{
    private const int MostShown = 40;

    private readonly List<string> _shown = [];
    private readonly Dictionary<string, int> _verdicts = [];
    private readonly Dictionary<string, int> _kinds = [];
    private readonly Stopwatch _linuxTime = new(), _ourTime = new();

    public int Programs { get; private set; }
    public int Accepted { get; private set; }

    /// <summary>The kernel rejects what we accept.</summary>
    public int TooLax { get; private set; }

    /// <summary>The kernel accepts what we reject.</summary>
    public int TooStrict { get; private set; }

    /// <summary>Both reject, for different reasons.</summary>
    public int OtherErrno { get; private set; }

    public int Unanswered { get; private set; }
    public int Runs { get; private set; }
    public int OtherResults { get; private set; }
    public int Logs { get; private set; }
    public int OtherLogs { get; private set; }

    public void Add(int seed, bool withLog)
    {
        GeneratedProgram program = ProgramGenerator.Next(seed);
        Programs++;
        uint level = withLog ? 2u : 0;
        _linuxTime.Start();
        long expected = linux.Load(program, level);
        _linuxTime.Stop();
        _ourTime.Start();
        long actual = ours.Load(program, level);
        _ourTime.Stop();
        string verdict = expected >= 0 ? "accepted" : Errno.Name(expected);
        _verdicts[verdict] = _verdicts.GetValueOrDefault(verdict) + 1;
        if (ours.Gap is { } gap && actual < 0)
        {
            Unanswered++;
            Show("gap", seed, gap);
        }
        else if ((expected < 0 ? expected : 0) != (actual < 0 ? actual : 0))
        {
            Verdict(seed, program, ref expected, ref actual);
        }
        else if (withLog)
        {
            Text(seed);
        }

        if (expected >= 0 && actual >= 0)
        {
            Accepted++;
            if (!program.ByAccident)
                Run(seed, expected, actual);
        }

        if (expected >= 0)
            linux.Close(expected);
        if (actual >= 0)
            ours.Close(actual);
    }

    public string Report()
    {
        var text = new StringBuilder();
        text.Append($"generated: {Programs} programs, accepted {Accepted}; accepted here only {TooLax}, there only {TooStrict}, other errno {OtherErrno}, not implemented {Unanswered}; ");
        text.Append($"logs {Logs}, different {OtherLogs}; runs {Runs}, different {OtherResults}; time of loads {_ourTime.Elapsed.TotalSeconds / _linuxTime.Elapsed.TotalSeconds:F2} of the kernel's\n");
        text.Append($"the kernel said: {string.Join(", ", _verdicts.OrderByDescending(v => v.Value).Select(v => $"{v.Key} {v.Value}"))}\n");
        foreach (string line in _shown)
            text.Append(line).Append('\n');
        if (Programs == 1)
            text.Append($"\n== linux\n{linux.Log()}\n== ours\n{ours.Log()}");
        return text.ToString();
    }

    private void Verdict(int seed, GeneratedProgram program, ref long expected, ref long actual)
    {
        if (expected < 0 && actual >= 0)
            TooLax++;
        else if (expected >= 0)
            TooStrict++;
        else
            OtherErrno++;
        string Told(GeneratedHost host, ref long fd)
        {
            if (fd >= 0)
                host.Close(fd);
            fd = host.Load(program, 2);
            string[] lines = host.Log().TrimEnd('\n').Split('\n');
            return $"{(fd >= 0 ? "accepted" : Errno.Name(fd))}: {lines.ElementAtOrDefault(lines.Length - 2)}";
        }

        string a = Told(linux, ref expected), b = Told(ours, ref actual);
        Show(expected >= 0 ? "strict" : actual >= 0 ? "lax" : "errno", seed, $"\n    linux: {a}\n    ours:  {b}");
    }

    private void Text(int seed)
    {
        Logs++;
        string[] expected = Lines(linux.Log()), actual = Lines(ours.Log());
        int at = 0;
        while (at < expected.Length && at < actual.Length && expected[at] == actual[at])
            at++;
        if (at == expected.Length && at == actual.Length)
            return;
        OtherLogs++;
        Show("log", seed, $"line {at + 1}\n    linux: {expected.ElementAtOrDefault(at)}\n    ours:  {actual.ElementAtOrDefault(at)}");
    }

    private void Run(int seed, long expected, long actual)
    {
        var random = new Random(seed);
        for (int i = 0; i < 3; i++)
        {
            byte[] packet = new byte[random.Next(64, 128)];
            random.NextBytes(packet);
            // An Ethernet type that promises no IP header.
            packet[12] = 0x88;
            Runs++;
            string a = linux.Run(expected, packet), b = ours.Run(actual, packet);
            if (a == b)
                continue;
            OtherResults++;
            Show("run", seed, $"\n    linux: {a}\n    ours:  {b}");
            return;
        }
    }

    // Lines with addresses of maps say something of the machine only.
    private static string[] Lines(string log) => [.. log.Split('\n').Where(l => !l.StartsWith("verification time", StringComparison.Ordinal) && !l.Contains("(18) r", StringComparison.Ordinal))];

    private void Show(string kind, int seed, string what)
    {
        int shown = _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
        if (shown <= MostShown)
            _shown.Add($"{kind}, seed {seed}: {what}");
    }
}
