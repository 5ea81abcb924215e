using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>Whether BTF types fit a map's key and value, as map_check_btf in kernel/bpf/syscall.c and map_check_btf of the map types.</summary>
internal static class MapBtf
{
    // Structs inside a value that the kernel manages itself.
    private static readonly string[] Special =
        ["bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work", "bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node", "bpf_refcount"];

    // Tags of pointers to objects of the kernel.
    private static readonly string[] SpecialTags = ["kptr", "kptr_untrusted", "percpu_kptr", "uptr"];

    /// <summary>0, a negative errno, or EOPNOTSUPP (negated) for values with fields that are managed by the kernel: a gap of ours.</summary>
    public static int Check(BtfTypes types, MapTraits traits, MapDefinition definition, uint keyId, uint valueId)
    {
        if (keyId != 0)
        {
            if (types.SizeOf(keyId) is not { } keySize || keySize != definition.KeySize)
                return -Errno.EINVAL;
        }
        else if (!traits.Indexed && !traits.NoBtf)
        {
            // Only types with a check of their own may leave the key out.
            return -Errno.EINVAL;
        }

        if (types.SizeOf(valueId) is not { } valueSize || valueSize != definition.ValueSize)
            return -Errno.EINVAL;
        if (HasSpecial(types, valueId))
            return -Errno.EOPNOTSUPP;
        if (traits.NoBtf)
            return -Errno.ENOTSUPP;
        return traits.Indexed ? CheckIndexed(types, definition, keyId, valueId) : 0;
    }

    // array_map_check_btf: the key is a 32-bit integer; without one, the value is the only element and a section of globals.
    private static int CheckIndexed(BtfTypes types, MapDefinition definition, uint keyId, uint valueId)
    {
        if (keyId == 0)
            return definition.MaxEntries == 1 && types.SkipModifiers(valueId).Kind == BtfKind.Datasec ? 0 : -Errno.EINVAL;
        BtfType key = types.SkipModifiers(keyId);
        return key.Kind == BtfKind.Int && key.Size == 4 && key.IntBits == 32 && key.IntOffset == 0 ? 0 : -Errno.EINVAL;
    }

    // Through structs, arrays and the variables of sections. Each type is looked at once: what a value is made of may be nested in itself many times over.
    private static bool HasSpecial(BtfTypes types, uint valueId)
    {
        var seen = new HashSet<uint>();
        var open = new Stack<uint>();
        open.Push(valueId);
        while (open.TryPop(out uint id))
        {
            BtfType type = types.SkipModifiers(id);
            if (!seen.Add(type.Id))
                continue;
            switch (type.Kind)
            {
                case BtfKind.Struct when Special.Contains(types.Name(type)):
                case BtfKind.Ptr when types[type.Type] is { Kind: BtfKind.TypeTag } tag && SpecialTags.Contains(types.Name(tag)):
                    return true;
                case BtfKind.Struct or BtfKind.Union:
                    for (int i = 0; i < type.Vlen; i++)
                        open.Push(type.Member(i).Type);
                    break;
                case BtfKind.Datasec:
                    for (int i = 0; i < type.Vlen; i++)
                        open.Push(types[type.VarSec(i).Type].Type);
                    break;
                case BtfKind.Array:
                    open.Push(type.ArrayElement);
                    break;
            }
        }

        return false;
    }
}
