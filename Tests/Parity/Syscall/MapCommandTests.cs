using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>The map commands, called rightly and wrongly, on both kernels.</summary>
public sealed class MapCommandTests(BackendPair kernels) : IClassFixture<BackendPair>
{
    private const ulong Bad = 0x10;

    [Fact]
    public void Map_create_checks_its_arguments_in_the_kernels_order() => kernels.Same(side =>
    {
        foreach ((string field, ulong value) in new (string, ulong)[]
        {
            ("map_type", 0), ("map_type", 34), ("map_type", 1000), ("key_size", 0), ("value_size", 0), ("max_entries", 0), ("map_flags", 1u << 31),
            ("map_flags", 8 | 16), ("map_flags", 8), ("map_flags", 16), ("map_flags", 128 | 256), ("map_extra", 1), ("btf_key_type_id", 1), ("btf_value_type_id", 1),
            ("btf_vmlinux_value_type_id", 1), ("btf_fd", 77), ("map_ifindex", 1), ("excl_prog_hash_size", 32), ("excl_prog_hash_size", 1), ("excl_prog_hash", Bad),
            ("map_token_fd", 5), ("inner_map_fd", 5), ("value_type_btf_obj_fd", 5),
        })
        {
            side.Note($"{field} = {value}");
            CallAttr attr = Map(BpfMapType.Hash);
            attr[field] = value;
            side.Call(attr);
        }

        // Two mistakes at once: the first check wins.
        CallAttr both = Map(BpfMapType.Hash);
        both["map_extra"] = 1;
        both["map_type"] = 99;
        side.Call(both);
        CallAttr numa = Map(BpfMapType.Hash);
        numa["map_flags"] = 4;
        numa["numa_node"] = 99;
        side.Call(numa);
        numa["numa_node"] = 0;
        side.Call(numa);
        numa["numa_node"] = uint.MaxValue;
        side.Call(numa);
    });

    [Theory]
    [InlineData("good_name.1")]
    [InlineData("bad name")]
    [InlineData("bad-name")]
    [InlineData("exactly15chars_")]
    [InlineData("sixteen_chars_xx")]
    public void Map_names_have_the_kernels_alphabet(string name) => kernels.Same(side =>
    {
        CallAttr attr = Map(BpfMapType.Array);
        System.Text.Encoding.ASCII.GetBytes(name).CopyTo(attr.Bytes, 28);
        side.Call(attr);
    });

    [Theory]
    [InlineData(BpfMapType.Hash, 0)]
    [InlineData(BpfMapType.Array, 0)]
    [InlineData(BpfMapType.PercpuArray, 0)]
    [InlineData(BpfMapType.PercpuHash, 0)]
    [InlineData(BpfMapType.LruHash, 0)]
    [InlineData(BpfMapType.ProgArray, 0)]
    [InlineData(BpfMapType.PerfEventArray, 0)]
    [InlineData(BpfMapType.Hash, 8)]
    [InlineData(BpfMapType.Hash, 16)]
    [InlineData(BpfMapType.Array, 8)]
    public void Element_commands_answer_alike(BpfMapType type, uint flags) => kernels.Same(side =>
    {
        CallAttr create = Map(type);
        create["map_flags"] = flags;
        side.Call(create);
        ulong key = side.Memory.Copy([1, 0, 0, 0]);
        ulong other = side.Memory.Copy([200, 0, 0, 0]);
        UserBuffer value = side.Memory.Allocate(4096);
        value.Span.Fill(7);
        foreach (BpfCommand command in new[] { BpfCommand.MapUpdateElem, BpfCommand.MapLookupElem, BpfCommand.MapLookupAndDeleteElem, BpfCommand.MapDeleteElem })
        {
            bool keyOnly = command == BpfCommand.MapDeleteElem;
            foreach (ulong at in new[] { key, other, 0UL, Bad })
            {
                foreach (ulong data in keyOnly ? [0UL] : new[] { value.Address, 0UL, Bad })
                {
                    foreach (ulong option in keyOnly ? [0UL] : new ulong[] { 0, 1, 2, 3, 4, 5, 8, 1UL << 40 })
                    {
                        side.Note($"{command} key {Text(at)} value {Text(data)} flags {option}");
                        if (keyOnly)
                            side.Call(command, ("map_fd", 3), ("key", at));
                        else
                            side.Call(command, ("map_fd", 3), ("key", at), ("value", data), ("flags", option));
                    }
                }
            }
        }

        side.Note("value", value.Span[..16]);
        string Text(ulong address) => address == key ? "good" : address == other ? "large" : address == value.Address ? "good" : address == 0 ? "null" : "bad";
    });

    [Theory]
    [InlineData(BpfMapType.Array)]
    [InlineData(BpfMapType.PercpuArray)]
    [InlineData(BpfMapType.ProgArray)]
    [InlineData(BpfMapType.PerfEventArray)]
    [InlineData(BpfMapType.Ringbuf)]
    public void Next_keys_come_alike(BpfMapType type) => kernels.Same(side =>
    {
        CallAttr create = Map(type);
        if (type == BpfMapType.Ringbuf)
            (create["key_size"], create["value_size"], create["max_entries"]) = (0, 0, 4096);
        side.Call(create);
        UserBuffer next = side.Memory.Allocate(4);
        foreach (byte[] key in new byte[][] { [0, 0, 0, 0], [1, 0, 0, 0], [3, 0, 0, 0], [4, 0, 0, 0], [255, 255, 255, 255] })
        {
            side.Call(BpfCommand.MapGetNextKey, ("map_fd", 3), ("key", side.Memory.Copy(key)), ("next_key", next.Address));
            side.Note("next", next.Span);
        }

        side.Call(BpfCommand.MapGetNextKey, ("map_fd", 3), ("next_key", next.Address));
        side.Call(BpfCommand.MapGetNextKey, ("map_fd", 3), ("key", Bad), ("next_key", next.Address));
        side.Call(BpfCommand.MapGetNextKey, ("map_fd", 3), ("next_key", Bad));
    });

    [Fact]
    public void Frozen_maps_take_no_writes() => kernels.Same(side =>
    {
        ulong key = side.Memory.Copy([0, 0, 0, 0]);
        ulong value = side.Memory.Copy([1, 2, 3, 4]);
        side.Call(Map(BpfMapType.Array));
        side.Call(BpfCommand.MapFreeze, ("map_fd", 3));
        side.Call(BpfCommand.MapFreeze, ("map_fd", 3));
        side.Call(BpfCommand.MapUpdateElem, ("map_fd", 3), ("key", key), ("value", value));
        side.Call(BpfCommand.MapDeleteElem, ("map_fd", 3), ("key", key));
        side.Call(BpfCommand.MapLookupElem, ("map_fd", 3), ("key", key), ("value", value));
        side.Call(BpfCommand.MapLookupAndDeleteElem, ("map_fd", 3), ("key", key), ("value", value));
        CallAttr readOnly = Map(BpfMapType.Array);
        readOnly["map_flags"] = 8;
        side.Call(readOnly);
        side.Call(BpfCommand.MapFreeze, ("map_fd", 4));
        side.Call(BpfCommand.MapFreeze, ("map_fd", 1));
        side.Call(BpfCommand.MapFreeze, ("map_fd", 99));
    });

    [Fact]
    public void Descriptors_that_are_no_maps_are_refused_alike() => kernels.Same(side =>
    {
        side.Call(BpfCommand.EnableStats);
        ulong key = side.Memory.Copy([0, 0, 0, 0]);
        foreach (ulong fd in new ulong[] { 3, 4, 0, 1, 2, int.MaxValue, uint.MaxValue })
        {
            side.Note($"fd {fd}");
            side.Call(BpfCommand.MapLookupElem, ("map_fd", fd), ("key", key), ("value", key));
            side.Call(BpfCommand.MapUpdateElem, ("map_fd", fd), ("key", key), ("value", key));
            side.Call(BpfCommand.MapDeleteElem, ("map_fd", fd), ("key", key));
            side.Call(BpfCommand.MapGetNextKey, ("map_fd", fd), ("key", key), ("next_key", key));
            side.Call(BpfCommand.ProgTestRun, ("prog_fd", fd));
            side.Call(BpfCommand.ObjGetInfoByFd, ("bpf_fd", fd), ("info", key), ("info_len", 4));
        }
    });

    [Theory]
    [InlineData(BpfMapType.Array)]
    [InlineData(BpfMapType.PercpuArray)]
    [InlineData(BpfMapType.ProgArray)]
    public void Batches_of_arrays_answer_alike(BpfMapType type) => kernels.Same(side =>
    {
        side.Call(Map(type));
        UserBuffer keys = side.Memory.Allocate(64);
        UserBuffer values = side.Memory.Allocate(8192);
        UserBuffer cursor = side.Memory.Allocate(8);
        values.Span.Fill(3);
        for (int i = 0; i < 4; i++)
            keys.Span[i * 4] = (byte)i;
        foreach (BpfCommand command in new[] { BpfCommand.MapUpdateBatch, BpfCommand.MapLookupBatch, BpfCommand.MapLookupAndDeleteBatch, BpfCommand.MapDeleteBatch })
        {
            foreach (ulong count in new ulong[] { 0, 1, 3, 4, 5 })
            {
                foreach ((ulong flags, ulong elementFlags) in new (ulong, ulong)[] { (0, 0), (1, 0), (0, 1), (0, 4), (0, 8) })
                {
                    side.Note($"{command} {count} {flags} {elementFlags}");
                    side.Call(
                        command, ("map_fd", 3), ("keys", keys.Address), ("values", values.Address), ("count", count), ("out_batch", cursor.Address), ("flags", flags), ("elem_flags", elementFlags));
                    side.Note("keys", keys.Span[..16]);
                    side.Note("cursor", cursor.Span[..4]);
                }
            }
        }

        ulong start = side.Memory.Copy([1, 0, 0, 0]);
        side.Call(BpfCommand.MapLookupBatch, ("map_fd", 3), ("in_batch", start), ("out_batch", cursor.Address), ("keys", keys.Address), ("values", values.Address), ("count", 1));
        side.Note("cursor", cursor.Span[..4]);
        side.Call(BpfCommand.MapLookupBatch, ("map_fd", 3), ("in_batch", Bad), ("out_batch", cursor.Address), ("keys", keys.Address), ("values", values.Address), ("count", 1));
        side.Call(BpfCommand.MapLookupBatch, ("map_fd", 3), ("out_batch", Bad), ("keys", keys.Address), ("values", values.Address), ("count", 1));
        side.Call(BpfCommand.MapLookupBatch, ("map_fd", 3), ("out_batch", cursor.Address), ("keys", Bad), ("values", values.Address), ("count", 1));
        side.Call(BpfCommand.MapUpdateBatch, ("map_fd", 3), ("keys", Bad), ("values", values.Address), ("count", 2));
    });

    [Fact]
    public void Batches_write_and_delete_in_hashes_alike() => kernels.Same(side =>
    {
        side.Call(Map(BpfMapType.Hash));
        UserBuffer keys = side.Memory.Allocate(64);
        UserBuffer values = side.Memory.Allocate(64);
        for (int i = 0; i < 8; i++)
            keys.Span[i * 4] = (byte)i;
        foreach (ulong count in new ulong[] { 0, 2, 4, 5, 8 })
            side.Call(BpfCommand.MapUpdateBatch, ("map_fd", 3), ("keys", keys.Address), ("values", values.Address), ("count", count));
        foreach (ulong count in new ulong[] { 2, 4, 0 })
            side.Call(BpfCommand.MapDeleteBatch, ("map_fd", 3), ("keys", keys.Address), ("count", count));
    });

    private static CallAttr Map(BpfMapType type) => new(BpfCommand.MapCreate)
    {
        ["map_type"] = (ulong)type,
        ["key_size"] = 4,
        ["value_size"] = 4,
        ["max_entries"] = 4,
    };
}
