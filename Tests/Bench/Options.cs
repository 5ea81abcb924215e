using System.Globalization;

namespace WebBpf.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Help = """
        Measures our execution against the machine's kernel, in turn, on one CPU.

          --only a,b       these programs (names of files in Programs/)
          --rounds n       rounds per program (default 25)
          --batch ms       length of one measurement (default 4)
          --cpu n          CPU to stay on (default the last)
          --ours jit|kernel|interpreter   our compiler alone, our whole kernel, or the interpreter (default jit)
          --raw            without masking of addresses (with jit)
          --loads n        loads per program and kernel (default 15, 0 for none)
          --only-samples   leaves the small programs out
          --no-samples     leaves the samples out
          --list           names the programs
        """;

    public IReadOnlyList<string> Only { get; init; } = [];
    public int Rounds { get; init; } = 25;
    public TimeSpan Batch { get; init; } = TimeSpan.FromMilliseconds(4);
    public int Cpu { get; init; } = Environment.ProcessorCount - 1;
    public string Ours { get; init; } = "jit";
    public bool Raw { get; init; }
    public int Loads { get; init; } = 15;
    public bool List { get; init; }

    /// <summary>Whether the small programs, and the compiled samples, are measured.</summary>
    public bool Programs { get; init; } = true;

    public bool Samples { get; init; } = true;

    /// <summary>Null where the arguments make no sense or help is asked for.</summary>
    public static Options? Parse(string[] args)
    {
        var options = new Options();
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            switch (args[i])
            {
                case "--raw":
                    options = options with { Raw = true };
                    continue;
                case "--only-samples":
                    options = options with { Programs = false };
                    continue;
                case "--no-samples":
                    options = options with { Samples = false };
                    continue;
                case "--list":
                    options = options with { List = true };
                    continue;
                case "--only":
                    options = options with { Only = value.Split(','), Samples = false };
                    break;
                case "--ours" when value is "jit" or "kernel" or "interpreter":
                    options = options with { Ours = value };
                    break;
                case "--rounds" when isNumber && number > 0:
                    options = options with { Rounds = number };
                    break;
                case "--batch" when isNumber && number > 0:
                    options = options with { Batch = TimeSpan.FromMilliseconds(number) };
                    break;
                case "--cpu" when isNumber:
                    options = options with { Cpu = number };
                    break;
                case "--loads" when isNumber:
                    options = options with { Loads = number };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return options;
    }
}
