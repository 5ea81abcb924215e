namespace WebBpf.Kernel.Uapi;

public static partial class AttrTable
{
    private static IEnumerable<AttrCommand> MapCommands()
    {
        yield return new AttrCommand(
            BpfCommand.MapCreate,
            "excl_prog_hash_size",
            [
                Enum<BpfMapType>("map_type", 0),
                U32("key_size", 4),
                U32("value_size", 8),
                U32("max_entries", 12),
                U32("map_flags", 16),
                Fd("inner_map_fd", 20),
                U32("numa_node", 24),
                Chars("map_name", 28, 16),
                U32("map_ifindex", 44),
                Fd("btf_fd", 48),
                U32("btf_key_type_id", 52),
                U32("btf_value_type_id", 56),
                U32("btf_vmlinux_value_type_id", 60),
                U64("map_extra", 64),
                Fd("value_type_btf_obj_fd", 72),
                Fd("map_token_fd", 76),
                In("excl_prog_hash", 80, AttrExtent.Counted, "excl_prog_hash_size"),
                U32("excl_prog_hash_size", 88),
            ]);

        AttrField mapFd = Fd("map_fd", 0);
        AttrField key = In("key", 8, AttrExtent.MapKey);
        AttrField flags = U64("flags", 24);
        AttrField valueOut = Out("value", 16, AttrExtent.MapValue);

        // A bloom filter's lookup reads the value it asks for; the buffer goes both ways.
        yield return new AttrCommand(BpfCommand.MapLookupElem, "flags", [mapFd, key, valueOut, flags]);
        yield return new AttrCommand(BpfCommand.MapUpdateElem, "flags", [mapFd, key, In("value", 16, AttrExtent.MapValue), flags]);
        yield return new AttrCommand(BpfCommand.MapDeleteElem, "key", [mapFd, key]);
        yield return new AttrCommand(BpfCommand.MapGetNextKey, "next_key", [mapFd, key, Out("next_key", 16, AttrExtent.MapKey)]);
        yield return new AttrCommand(BpfCommand.MapLookupAndDeleteElem, "flags", [mapFd, key, valueOut, flags]);
        yield return new AttrCommand(BpfCommand.MapFreeze, "map_fd", [mapFd]);

        yield return Batch(BpfCommand.MapLookupBatch, valuesOut: true, keysOut: true);
        yield return Batch(BpfCommand.MapLookupAndDeleteBatch, valuesOut: true, keysOut: true);
        yield return Batch(BpfCommand.MapUpdateBatch, valuesOut: false, keysOut: false);
        yield return Batch(BpfCommand.MapDeleteBatch, valuesOut: false, keysOut: false);
    }

    private static AttrCommand Batch(BpfCommand command, bool valuesOut, bool keysOut)
    {
        AttrField In8(string name, int offset, AttrExtent extent) => In(name, offset, extent, "count");
        AttrField Out8(string name, int offset, AttrExtent extent) => Out(name, offset, extent, "count");
        return new AttrCommand(
            command,
            "flags",
            [
                In("in_batch", 0, AttrExtent.BatchCursor),
                Out("out_batch", 8, AttrExtent.BatchCursor),
                keysOut ? Out8("keys", 16, AttrExtent.MapKeys) : In8("keys", 16, AttrExtent.MapKeys),
                valuesOut ? Out8("values", 24, AttrExtent.MapValues) : In8("values", 24, AttrExtent.MapValues),
                U32("count", 32) with { Out = true },
                Fd("map_fd", 36),
                U64("elem_flags", 40),
                U64("flags", 48),
            ])
        { Member = "batch" };
    }
}
