using System.Globalization;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Bench;

/// <summary>A map of a benchmark program: its shape and the keys 0, step, 2 * step ... it is filled with.</summary>
internal sealed record BenchMap(BpfMapType Type, uint KeySize, uint ValueSize, uint MaxEntries, int Fill, int Step);

/// <summary>
/// One program of Programs/: assembler text with a head of comment lines <c>what</c> (a sentence), <c>data</c> (bytes of the packet, and <c>zero</c> or <c>ipv4</c> for its content)
/// and <c>map</c> (<c>array|hash key value entries [fill n step n]</c>; map_fd[i] in the text is the i-th).
/// </summary>
internal sealed record BenchProgram(string Name, string What, Insn[] Insns, byte[] Data, IReadOnlyList<BenchMap> Maps)
{
    /// <summary>All programs, in alphabetical order.</summary>
    public static IReadOnlyList<BenchProgram> All(string folder) =>
        [.. Directory.GetFiles(folder, "*.bpf").Order(StringComparer.Ordinal).Select(Parse)];

    private static BenchProgram Parse(string path)
    {
        string text = File.ReadAllText(path);
        string what = "";
        byte[] data = [];
        var maps = new List<BenchMap>();
        foreach (string line in text.Split('\n').TakeWhile(l => l.StartsWith("//", StringComparison.Ordinal)))
        {
            string[] parts = line[2..].Split(':', 2, StringSplitOptions.TrimEntries);
            string[] words = parts[1].Split(' ');
            switch (parts[0])
            {
                case "what":
                    what = parts[1];
                    break;
                case "data":
                    data = Packet(Number(words[0]), words.Length > 1 ? words[1] : "random");
                    break;
                case "map":
                    maps.Add(new BenchMap(
                        words[0] == "array" ? BpfMapType.Array : BpfMapType.Hash,
                        (uint)Number(words[1]),
                        (uint)Number(words[2]),
                        (uint)Number(words[3]),
                        words.Length > 5 ? Number(words[5]) : 0,
                        words.Length > 7 ? Number(words[7]) : 1));
                    break;
                default:
                    throw new InvalidDataException($"{path}: unknown head '{parts[0]}'.");
            }
        }

        return new BenchProgram(Path.GetFileNameWithoutExtension(path), what, Assembler.Assemble(text).Insns, data, maps);
    }

    private static byte[] Packet(int length, string content)
    {
        byte[] packet = new byte[length];
        if (content != "zero")
            new Random(length).NextBytes(packet);
        if (content == "ipv4")
        {
            // A UDP datagram behind plain Ethernet and IPv4 headers.
            packet[12] = 0x08;
            packet[13] = 0x00;
            packet[14] = 0x45;
            packet[23] = 17;
        }

        return packet;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
