using System.Globalization;
using System.Text;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Parity.Harness;
using WebBpf.Tests.Parity.TestRuns;
using Xunit;

namespace WebBpf.Tests.Parity.Helpers;

/// <summary>bpf_snprintf, bpf_trace_printk and bpf_strncmp: the same bytes and results as the machine's kernel, and the same formats refused.</summary>
public sealed class FormatParityTests(BackendPair pair) : IClassFixture<BackendPair>
{
    private const int RdonlyProg = 0x80;
    private const int Text = 96;

    // Arguments are a number each, or the address of a text: `t` followed by the text's number.
    public static TheoryData<string, string> Formats => new()
    {
        { "plain", "" }, { "", "" }, { "100%%", "" }, { "%%%%d", "" }, { "%", "" }, { "%", "1" }, { "a%", "1" }, { "%d", "" }, { "%d", "1 2" }, { "line\n\ttab", "" },
        { "%d", "42" }, { "%d", "-1" }, { "%i", "-2147483648" }, { "%u", "-1" }, { "%x", "-1" }, { "%X", "48879" }, { "%d", "4294967296" }, { "%d", "8589934591" },
        { "%ld", "-1" }, { "%li", "-9223372036854775808" }, { "%lu", "-1" }, { "%lx", "-1" }, { "%lX", "-81985529216486896" },
        { "%lld", "-5" }, { "%llu", "-5" }, { "%llx", "-5" }, { "%llX", "-5" }, { "%lli", "7" }, { "%llld", "7" }, { "%hd", "7" }, { "%zu", "7" }, { "%o", "7" }, { "%f", "7" }, { "%n", "7" }, { "%e", "7" },
        { "%5d|", "42" }, { "%-5d|", "42" }, { "%05d|", "42" }, { "%05d|", "-42" }, { "%+d", "42" }, { "%+d", "-42" }, { "% d", "42" }, { "% d", "-42" }, { "%+u", "42" }, { "% x", "42" },
        { "%-05d|", "42" }, { "%+5d|", "42" }, { "%+05d|", "42" }, { "% 05d|", "42" }, { "%20lx|", "255" }, { "%-20lx|", "255" }, { "%020lx|", "255" }, { "%#x", "255" }, { "%.3d", "5" }, { "%*d", "5 6" },
        { "%1d%2d%3d%4d", "1 2 3 4" }, { "%0d", "5" }, { "%00005d", "5" }, { "%100d", "5" }, { "%300d", "5" }, { "%1000d", "5" }, { "%99999d", "5" },
        { "%c", "65" }, { "%c%c", "65 256" }, { "%c", "0" }, { "%5c|", "65" }, { "%-5c|", "65" }, { "%05c|", "65" }, { "%cx", "66" }, { "%lc", "66" },
        { "%s", "t0" }, { "%s", "t1" }, { "[%s]", "t2" }, { "%s %s", "t0 t1" }, { "%10s|", "t0" }, { "%-10s|", "t0" }, { "%010s|", "t0" }, { "%2s|", "t0" }, { "%s", "0" }, { "%s", "8" }, { "%s", "-1" },
        { "%sx", "t0" }, { "%s_", "t0" }, { "%s.", "t0" }, { "%.2s", "t0" },
        { "%pks", "t0" }, { "%pks.", "t1" }, { "%pksx", "t0" }, { "%pus", "8" }, { "%pus", "0" }, { "%pk", "t0" }, { "%pu", "t0" }, { "%10pks|", "t0" },
        { "%px", "1" }, { "%px", "-1" }, { "%px", "0" }, { "%px.", "74565" }, { "%20px|", "74565" }, { "%-20px|", "74565" }, { "%4px|", "74565" }, { "%020px|", "74565" }, { "%pxy", "74565" },
        { "%p", "0" }, { "%p", "-22" }, { "%p", "-4095" }, { "%20p|", "0" }, { "%-20p|", "0" }, { "%pK", "0" }, { "%pKx", "0" }, { "%pK", "-1" }, { "%p,", "0" }, { "%pd", "0" }, { "%pz", "0" }, { "%pM", "t0" },
        { "%pi4", "t3" }, { "%pI4", "t3" }, { "%pi6", "t3" }, { "%pI6", "t3" }, { "%pi4:%pI4", "t3 t0" }, { "%20pI4|", "t3" }, { "%-20pI4|", "t3" }, { "%pI6c", "t3" }, { "%pI4h", "t3" }, { "%pI5", "t3" }, { "%pI", "t3" }, { "%pI4", "0" }, { "%pI6", "8" },
        { "%ps", "0" }, { "%pS", "0" }, { "%pB", "1" }, { "%ps", "4096" }, { "%pS", "74565" }, { "%20ps|", "74565" }, { "%-20pS|", "74565" },
        { "caf\u00e9 %d", "1" }, { "\u0001", "" }, { "\u007f", "" }, { "%l", "1" }, { "%ll", "1" }, { "%-", "1" }, { "%5", "1" }, { "%05", "1" }, { "%+-0 d", "9" },
        { "%d %s %lx %c %px", "1 t0 255 66 4660" }, { "%d%d%d%d%d%d%d%d%d%d%d%d", "1 2 3 4 5 6 7 8 9 10 11 12" }, { "%d%d%d%d%d%d%d%d%d%d%d%d%d", "1 2 3 4 5 6 7 8 9 10 11 12 13" },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Snprintf_writes_the_same_text(string format, string arguments) => pair.Same(side =>
    {
        long formats = ConstText(side, format), texts = Texts(side), results = side.Results(1024), numbers = side.Map(BpfMapType.Array, 4, 128, 1);
        (string stores, int count) = Arguments(arguments);
        foreach (int room in new[] { 0, 1, 5, 512 })
        {
            long fd = side.Load(BpfProgType.SchedCls, $"""
                r8 = map_value[numbers] ll
                {stores}
                r7 = map_value[out] ll
                r1 = r7
                r2 = {room}
                r3 = map_value[format] ll
                r4 = r8
                r5 = {count * 8}
                call bpf_snprintf
                *(u64 *)(r7 +1016) = r0
                r0 = 0
                exit
                """, ("numbers", numbers), ("out", results), ("format", formats), ("texts", texts));
            if (fd < 0)
                break;
            side.RunPacket(fd, new byte[64]);
            side.NoteResults(results, 1024);
        }
    });

    [Theory]
    [InlineData("r1 = 0", "r2 = 0", "r4 = 0", "r5 = 0")]
    [InlineData("r1 = 0", "r2 = 8", "r4 = 0", "r5 = 0")]
    [InlineData("r1 = r7", "r2 = 8", "r4 = 0", "r5 = 8")]
    [InlineData("r1 = r7", "r2 = 8", "r4 = r8", "r5 = 0")]
    [InlineData("r1 = r7", "r2 = 8", "r4 = r8", "r5 = 7")]
    [InlineData("r1 = r7", "r2 = 8", "r4 = r8", "r5 = 12")]
    [InlineData("r1 = r7", "r2 = 8", "r4 = r8", "r5 = 104")]
    [InlineData("r1 = r7", "r2 = -1", "r4 = 0", "r5 = 0")]
    public void Snprintf_judges_its_other_arguments_alike(string to, string size, string data, string dataSize) => pair.Same(side =>
    {
        long formats = ConstText(side, "text"), results = side.Results(1024), numbers = side.Map(BpfMapType.Array, 4, 128, 1);
        long fd = side.Load(BpfProgType.SchedCls, $"""
            r8 = map_value[numbers] ll
            r7 = map_value[out] ll
            {to}
            {size}
            r3 = map_value[format] ll
            {data}
            {dataSize}
            call bpf_snprintf
            *(u64 *)(r7 +1016) = r0
            r0 = 0
            exit
            """, ("numbers", numbers), ("out", results), ("format", formats));
        if (fd >= 0)
            side.RunPacket(fd, new byte[64]);
        side.NoteResults(results, 1024);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void Trace_printk_returns_the_same(string format, string arguments) => pair.Same(side =>
    {
        long formats = ConstText(side, format), texts = Texts(side), numbers = side.Map(BpfMapType.Array, 4, 128, 1), results = side.Results(8);
        (string stores, int count) = Arguments(arguments);
        if (count > 3)
            return;
        string loads = string.Join('\n', Enumerable.Range(0, count).Select(i => $"r{3 + i} = *(u64 *)(r8 +{i * 8})"));
        foreach (int size in new[] { format.Length + 1, format.Length, Text })
        {
            if (size == 0)
                continue;
            long fd = side.Load(BpfProgType.SchedCls, $"""
                r8 = map_value[numbers] ll
                r7 = map_value[out] ll
                {stores}
                r3 = 0
                r4 = 0
                r5 = 0
                {loads}
                r1 = map_value[format] ll
                r2 = {size}
                call bpf_trace_printk
                *(u64 *)(r7 +0) = r0
                r0 = 0
                exit
                """, ("numbers", numbers), ("out", results), ("format", formats), ("texts", texts));
            if (fd < 0)
                break;
            side.RunPacket(fd, new byte[64]);
            side.NoteResults(results, 8);
        }
    });

    [Theory]
    [InlineData("same")]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("bpf-progs")]
    [InlineData("bpf-prog")]
    public void Strncmp_compares_as_the_kernel_does(string constant) => pair.Same(side =>
    {
        long constants = ConstText(side, constant), results = side.Results(8), text = side.Map(BpfMapType.Array, 4, 32, 1);
        foreach (string other in new[] { "same", "", "a", "b", "bpf-prog", "bpf-progs", "bpf-prog-x", "\u00e9" })
        {
            byte[] bytes = new byte[32];
            Encoding.Latin1.GetBytes(other).CopyTo(bytes, 0);
            side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)text), ("key", side.Memory.Copy(new byte[4])), ("value", side.Memory.Copy(bytes)));
            foreach (int size in new[] { 1, 2, 4, 8, 9, 32 })
            {
                long fd = side.Load(BpfProgType.SchedCls, $"""
                    r7 = map_value[out] ll
                    r1 = map_value[text] ll
                    r2 = {size}
                    r3 = map_value[constant] ll
                    call bpf_strncmp
                    *(u64 *)(r7 +0) = r0
                    r0 = 0
                    exit
                    """, ("text", text), ("out", results), ("constant", constants));
                side.RunPacket(fd, new byte[64]);
                side.NoteResults(results, 8);
            }
        }
    });

    private static (string Stores, int Count) Arguments(string arguments)
    {
        string[] each = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var stores = new StringBuilder();
        for (int i = 0; i < each.Length; i++)
        {
            stores.Append(each[i][0] == 't' ? $"r1 = map_value[texts] ll\nr1 += {(each[i][1] - '0') * 16}\n" : $"r1 = {unchecked((ulong)long.Parse(each[i], CultureInfo.InvariantCulture))} ll\n");
            stores.Append(CultureInfo.InvariantCulture, $"*(u64 *)(r8 +{i * 8}) = r1\n");
        }

        return (stores.ToString(), each.Length);
    }

    private static long Texts(Side side)
    {
        byte[] texts = new byte[64];
        "text"u8.CopyTo(texts);
        "longer words"u8.CopyTo(texts.AsSpan(16));
        byte[] address = [10, 0, 200, 7, 0, 0, 0, 0, 1, 2, 255, 254, 0, 0, 0, 1];
        address.CopyTo(texts, 48);
        long fd = side.Map(BpfMapType.Array, 4, 64, 1);
        side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)fd), ("key", side.Memory.Copy(new byte[4])), ("value", side.Memory.Copy(texts)));
        return fd;
    }

    /// <summary>A text in a frozen map.</summary>
    private static long ConstText(Side side, string text)
    {
        byte[] bytes = new byte[Text];
        Encoding.Latin1.GetBytes(text).CopyTo(bytes, 0);
        long fd = side.Map(BpfMapType.Array, 4, Text, 1, RdonlyProg);
        side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)fd), ("key", side.Memory.Copy(new byte[4])), ("value", side.Memory.Copy(bytes)));
        side.Call(BpfCommand.MapFreeze, ("map_fd", (ulong)fd));
        return fd;
    }
}
