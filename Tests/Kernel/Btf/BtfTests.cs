using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using Xunit;

namespace WebBpf.Tests.Kernel.Btf;

/// <summary>BTF_LOAD's checks, values and C. Expected log texts were read from Linux 6.18.</summary>
public sealed class BtfTests
{
    [Fact]
    public void The_log_describes_header_and_types()
    {
        var blob = new BtfBlob();
        uint number = blob.Int("int", 4);
        blob.Proto(number, ("a", number), ("", 0));
        (int error, string log, _) = Parse(blob.Build());
        Assert.Equal(0, error);
        Assert.Equal(
            """
            magic: 0xeb9f
            version: 1
            flags: 0x0
            hdr_len: 24
            type_off: 0
            type_len: 44
            str_off: 44
            str_len: 7
            btf_total_size: 75
            [1] INT int size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
            [2] FUNC_PROTO (anon) return=1 args=(1 a, vararg)

            """,
            log);
    }

    public static TheoryData<string, int, Action<BtfBlob>> Broken => new()
    {
        { "[1] PTR (anon) type_id=7 Invalid type_id\n", Errno.EINVAL, b => b.Ptr(7) },
        { "[1] PTR (anon) type_id=1 Loop detected\n", Errno.EEXIST, b => b.Ptr(1) },
        { "[2] STRUCT s size=4 vlen=1\n\ta type_id=1 bits_offset=8 Member exceeds struct_size\n", Errno.EINVAL, b => b.Struct("s", 4, ("a", b.Int("int", 4), 8)) },
        { "[2] Invalid kind:20", Errno.EINVAL, b => { b.Int("int", 4); b.Type("x", 20, 0, 0); } },
        { "[2] ARRAY (anon) type_id=2 index_type_id=1 nr_elems=3 Loop detected\n", Errno.EEXIST, b => b.Array(2, b.Int("int", 4), 3) },
        { "[2] ARRAY (anon) type_id=1 index_type_id=1 nr_elems=1073741825 Array size overflows U32_MAX\n", Errno.EINVAL, b => { uint i = b.Int("int", 4); b.Array(i, i, 0x40000001); } },
        { "[2] FUNC f type_id=1 Invalid type_id\n", Errno.EINVAL, b => b.Func("f", b.Int("int", 4)) },
        { "[1] INT int size=4 bits_offset=0 nr_bits=32 encoding=UNKN Unsupported encoding\n", Errno.ENOTSUPP, b => b.Int("int", 4, 3) },
        { "[1] INT 1x size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[2] TYPEDEF 2y type_id=1 Invalid name\n", Errno.EINVAL, b => b.Typedef("2y", b.Int("1x", 4)) },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_is_wrong_is_said_as_the_kernel_says_it(string end, int error, Action<BtfBlob> build)
    {
        var blob = new BtfBlob();
        build(blob);
        (int result, string log, BtfObject? btf) = Parse(blob.Build());
        Assert.Equal(-error, result);
        Assert.EndsWith(end, log);
        Assert.Null(btf);
    }

    [Fact]
    public void More_than_32_nested_pointers_are_too_deep()
    {
        var blob = new BtfBlob();
        for (uint i = 0; i < 40; i++)
            blob.Ptr(i + 2);
        blob.Int("int", 4);
        (int error, string log, _) = Parse(blob.Build());
        Assert.Equal(-Errno.E2BIG, error);
        Assert.EndsWith("[1] PTR (anon) type_id=2 Exceeded max resolving depth:32\n", log);
    }

    [Fact]
    public void Values_become_json()
    {
        var blob = new BtfBlob();
        uint number = blob.Int("int", 4), letter = blob.Int("char", 1, 0), color = blob.Enum("color", true, ("RED", -1), ("BLUE", 2));
        uint text = blob.Array(letter, number, 4), numbers = blob.Array(number, number, 2), flag = blob.Int("_Bool", 1, 4);
        uint inner = blob.Union("", 4, ("whole", number), ("part", letter));
        uint bits = blob.Bitfields("bits", 4, ("low", number, 0, 3), ("high", number, 3, 5));
        uint all = blob.Struct("all", 32, ("id", number, 0), ("name", text, 32), ("color", color, 64), ("pair", numbers, 96), ("", inner, 160), ("bits", bits, 192), ("on", flag, 224));
        (_, _, BtfObject? btf) = Parse(blob.Build());
        byte[] data = new byte[32];
        new byte[] { 0xff, 0xff, 0xff, 0xff, (byte)'h', (byte)'i', 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 2, 0, 0, 0, 0x41, 0, 0, 0, 0b10101_011, 0, 0, 0, 1 }.CopyTo(data, 0);
        Assert.Equal(
            """{"id":-1,"name":"hi","color":"RED","pair":[1,2],"whole":65,"part":65,"bits":{"low":3,"high":-11},"on":true}""",
            BtfValues.Text(btf!.Types, all, data));
    }

    [Fact]
    public void Values_beyond_the_data_are_null()
    {
        var blob = new BtfBlob();
        uint number = blob.Int("int", 4);
        uint pair = blob.Struct("pair", 8, ("a", number, 0), ("b", number, 32));
        (_, _, BtfObject? btf) = Parse(blob.Build());
        Assert.Equal("""{"a":7,"b":null}""", BtfValues.Text(btf!.Types, pair, [7, 0, 0, 0, 1]));
    }

    [Fact]
    public void Types_that_multiply_are_cut_off()
    {
        // Each union holds the one before twice: 2^40 values of 4 bytes.
        var blob = new BtfBlob();
        uint type = blob.Int("int", 4);
        for (int i = 0; i < 40; i++)
            type = blob.Union($"u{i}", 4, ("a", type), ("b", type));
        (int error, _, BtfObject? btf) = Parse(blob.Build());
        Assert.Equal(0, error);
        BtfValues.Read(btf!.Types, type, new byte[4], out bool truncated);
        Assert.True(truncated);
    }

    [Fact]
    public void Types_become_c_in_an_order_that_compiles()
    {
        var blob = new BtfBlob();
        uint number = blob.Int("int", 4);
        uint next = blob.Ptr(8), call = blob.Ptr(blob.Proto(number, ("n", number), ("", 0))), alias = blob.Typedef("call_t", call);
        uint inner = blob.Struct("", 4, ("x", number, 0));
        Assert.Equal(8u, blob.Struct("node", 32, ("next", next, 0), ("call", alias, 64), ("", inner, 128), ("list", blob.Array(number, number, 2), 160)));
        (int error, _, BtfObject? btf) = Parse(blob.Build());
        Assert.Equal(0, error);
        Assert.Equal(
            """
            typedef int (*call_t)(int n, ...);

            struct node {
            	struct node *next;
            	call_t call;
            	struct {
            		int x;
            	};
            	int list[2];
            };


            """,
            BtfCode.Dump(btf!.Types));
    }

    [Fact]
    public void Damaged_blobs_are_refused_without_harm()
    {
        var blob = new BtfBlob();
        uint number = blob.Int("int", 4);
        uint pointer = blob.Ptr(number), list = blob.Array(number, number, 8);
        uint outer = blob.Struct("outer", 64, ("a", number, 0), ("p", pointer, 64), ("l", list, 128));
        blob.Func("f", blob.Proto(number, ("x", blob.Ptr(blob.Const(outer)))));
        blob.Enum("e", false, ("A", 1), ("B", 2));
        blob.Typedef("t", outer);
        byte[] good = blob.Build();
        Assert.Equal(0, Parse(good).Error);
        var random = new Random(5);
        int accepted = 0;
        for (int i = 0; i < 10_000; i++)
        {
            byte[] bad = (byte[])good.Clone();
            for (int k = random.Next(1, 4); k > 0; k--)
                bad[random.Next(bad.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(16));
            if (random.Next(8) == 0)
                bad = bad[..random.Next(bad.Length)];
            if (Parse(bad).Btf is not BtfObject btf)
                continue;
            accepted++;
            Use(btf);
        }

        Assert.InRange(accepted, 1, 9_999);

        static void Use(BtfObject btf)
        {
            BtfCode.Dump(btf.Types);
            for (uint id = 0; id < btf.Types.Count; id++)
                BtfValues.Text(btf.Types, id, new byte[64]);
        }
    }

    [Fact]
    public void Names_are_found_by_kind()
    {
        var blob = new BtfBlob();
        uint number = blob.Int("same", 4);
        uint alias = blob.Typedef("same", number);
        (_, _, BtfObject? btf) = Parse(blob.Build());
        Assert.Equal(number, btf!.Types.Find("same", BtfKind.Int));
        Assert.Equal(alias, btf.Types.Find("same", BtfKind.Typedef));
        Assert.Equal(0u, btf.Types.Find("same", BtfKind.Struct));
        Assert.Equal(4u, btf.Types.SizeOf(alias));
    }

    private static (int Error, string Log, BtfObject? Btf) Parse(byte[] raw)
    {
        var log = new VerifierLog(VerifierLog.Level1);
        int error = BtfObject.TryParse(raw, log, out BtfObject? btf);
        return (error, log.ToString(), btf);
    }
}
