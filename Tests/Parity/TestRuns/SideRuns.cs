using System.Globalization;
using System.Text;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;
using WebBpf.Tests.Parity.Harness;

namespace WebBpf.Tests.Parity.TestRuns;

/// <summary>Maps, programs and test runs on one side of a pair, in few words; everything is noted in the side's transcript.</summary>
internal static class SideRuns
{
    /// <summary>Room for a packet, a context or a map's value that comes back.</summary>
    private const int Room = 8192;

    public static long Map(this Side side, BpfMapType type, uint key, uint value, uint entries, uint flags = 0) =>
        side.Call(BpfCommand.MapCreate, ("map_type", (ulong)type), ("key_size", key), ("value_size", value), ("max_entries", entries), ("map_flags", flags));

    /// <summary>An array of one element into which programs write what they found, at <c>map_value[out]</c>.</summary>
    public static long Results(this Side side, uint bytes) => side.Map(BpfMapType.Array, 4, bytes, 1);

    /// <summary>Assembles and loads a program; <c>map[name]</c> refers to <paramref name="maps"/>. The log's last line is noted where it is refused.</summary>
    public static long Load(this Side side, BpfProgType type, string asm, params (string Name, long Fd)[] maps)
    {
        AssembledProgram program = Assembler.Assemble(asm, new Names(maps));
        UserBuffer log = side.Memory.Allocate(1 << 16);
        long fd = side.Call(
            BpfCommand.ProgLoad,
            ("prog_type", (ulong)type),
            ("insn_cnt", (ulong)program.Insns.Length),
            ("insns", side.Memory.Copy(Insn.ToBytes(program.Insns))),
            ("license", side.Memory.Copy("GPL")),
            ("prog_flags", type == BpfProgType.Syscall ? 16UL : 0),
            ("log_level", 1),
            ("log_size", (ulong)log.Length),
            ("log_buf", log.Address));
        if (fd < 0)
            side.Note(LastLine(Encoding.UTF8.GetString(log.Span[..log.Span.IndexOf((byte)0)])));
        return fd;
    }

    /// <summary>A test run with fields given by name.</summary>
    public static long Run(this Side side, long fd, params (string Name, ulong Value)[] fields)
    {
        side.Note(string.Join(' ', fields.Select(f => $"{f.Name}={Shown(f.Name, f.Value)}")));
        return side.Call(BpfCommand.ProgTestRun, [("prog_fd", (ulong)fd), .. fields]);
    }

    /// <summary>Runs a program over a packet and notes the packet that comes out, and the context where <paramref name="context"/> is given.</summary>
    public static void RunPacket(this Side side, long fd, ReadOnlySpan<byte> packet, byte[]? context = null, params (string Name, ulong Value)[] fields)
    {
        UserBuffer output = side.Memory.Allocate(Room), contextOut = side.Memory.Allocate(Room);
        var attr = new CallAttr(BpfCommand.ProgTestRun)
        {
            ["prog_fd"] = (ulong)fd,
            ["data_in"] = side.Memory.Copy(packet),
            ["data_size_in"] = (ulong)packet.Length,
            ["data_out"] = output.Address,
            ["data_size_out"] = (ulong)output.Length,
        };
        if (context is not null)
        {
            attr["ctx_in"] = side.Memory.Copy(context);
            attr["ctx_size_in"] = (ulong)context.Length;
            attr["ctx_out"] = contextOut.Address;
            attr["ctx_size_out"] = (ulong)contextOut.Length;
        }

        foreach ((string name, ulong value) in fields)
            attr[name] = value;
        side.Call(attr);
        side.NoteWritten("packet", output.Span);
        if (context is not null)
            side.NoteWritten("context", contextOut.Span);
    }

    /// <summary>Notes what the only element of an array holds.</summary>
    public static void NoteResults(this Side side, long fd, int bytes)
    {
        UserBuffer value = side.Memory.Allocate(bytes);
        side.Call(BpfCommand.MapLookupElem, ("map_fd", (ulong)fd), ("key", side.Memory.Copy([0, 0, 0, 0])), ("value", value.Address));
        side.NoteWritten("results", value.Span);
    }

    /// <summary>Notes bytes without the zeros at their end.</summary>
    public static void NoteWritten(this Side side, string what, ReadOnlySpan<byte> bytes) => side.Note(what, bytes[..(bytes.LastIndexOfAnyExcept((byte)0) + 1)]);

    private static string LastLine(string log) => log.Split('\n').LastOrDefault(l => l.Length > 0 && !l.StartsWith("processed ", StringComparison.Ordinal)) ?? "";

    // Addresses are each side's own.
    private static string Shown(string name, ulong value) =>
        value != 0 && AttrTable.Find(BpfCommand.ProgTestRun)!.Find(name) is { IsPointer: true } ? "(address)" : value.ToString(CultureInfo.InvariantCulture);

    private sealed class Names((string Name, long Fd)[] maps) : IAsmSymbols
    {
        public int? MapFd(string name)
        {
            foreach ((string known, long fd) in maps)
            {
                if (known == name)
                    return (int)fd;
            }

            return null;
        }

        public int? KfuncId(string name) => null;
    }
}
