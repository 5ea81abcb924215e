using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Kernel.Btf;
using Xunit;

namespace WebBpf.Tests.Kernel.Syscall;

/// <summary>Maps whose values hold what the kernel manages itself are a gap that says so: programs would need rules that are not there yet.</summary>
public sealed class SpecialFieldTests
{
    private const int TypeTag = 18;

    [Theory]
    [InlineData("bpf_spin_lock")]
    [InlineData("bpf_timer")]
    [InlineData("bpf_refcount")]
    public void A_value_with_a_managed_struct_is_refused_as_a_gap(string name)
    {
        BtfBlob blob = Ints();
        uint managed = blob.Struct(name, 4, ("val", 1, 0));
        uint array = blob.Array(managed, 1, 1);
        uint value = blob.Struct("value", 4, ("inner", array, 0));
        (long result, string? gap) = Create(blob, value, 4);
        Assert.Equal(-Errno.EOPNOTSUPP, result);
        Assert.Contains("special fields in map values", gap);
    }

    [Fact]
    public void A_value_with_a_tagged_pointer_is_refused_as_a_gap()
    {
        BtfBlob blob = Ints();
        uint tag = blob.Type("kptr", TypeTag, 0, 1);
        uint pointer = blob.Ptr(tag);
        uint value = blob.Struct("value", 8, ("task", pointer, 0));
        Assert.Equal(-Errno.EOPNOTSUPP, Create(blob, value, 8).Result);
    }

    [Fact]
    public void A_value_with_a_plain_pointer_is_not()
    {
        BtfBlob blob = Ints();
        uint pointer = blob.Ptr(1);
        uint value = blob.Struct("value", 8, ("next", pointer, 0));
        Assert.Equal(4, Create(blob, value, 8).Result);
    }

    [Fact]
    public void Wide_structs_of_wide_structs_are_searched_once_each()
    {
        BtfBlob blob = Ints();
        uint last = 1;
        for (int level = 0; level < 5; level++)
        {
            uint member = last;
            last = blob.Union("", 4, [.. Enumerable.Range(0, 64).Select(i => ($"m{i}", member))]);
        }

        Assert.Equal(4, Create(blob, last, 4).Result);
    }

    private static BtfBlob Ints()
    {
        var blob = new BtfBlob();
        blob.Int("int", 4);
        return blob;
    }

    private static (long Result, string? Gap) Create(BtfBlob blob, uint value, uint size)
    {
        using var kernel = new BpfKernel();
        var process = new Process(kernel);
        byte[] btf = blob.Build();
        long fd = process.Call(BpfCommand.BtfLoad, ("btf", process.Memory.Copy(btf)), ("btf_size", (ulong)btf.Length));
        Assert.Equal(3, fd);
        long result = process.Call(
            BpfCommand.MapCreate,
            ("map_type", (ulong)BpfMapType.Array),
            ("key_size", 4),
            ("value_size", size),
            ("max_entries", 1),
            ("btf_fd", (ulong)fd),
            ("btf_key_type_id", 1),
            ("btf_value_type_id", value));
        return (result, process.Gap);
    }
}
