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

    // One level deep and through arrays, as the kernel searches; sections by their variables.
    private static bool HasSpecial(BtfTypes types, uint valueId)
    {
        var open = new Stack<(uint Id, int Depth)>();
        open.Push((valueId, 0));
        while (open.TryPop(out (uint Id, int Depth) at))
        {
            BtfType type = types.SkipModifiers(at.Id);
            if (type.Kind == BtfKind.Struct && Special.Contains(types.Name(type)))
                return true;
            if (at.Depth > 4)
                continue;
            if (type.Kind == BtfKind.Struct || type.Kind == BtfKind.Union)
            {
                for (int i = 0; i < type.Vlen; i++)
                    open.Push((type.Member(i).Type, at.Depth + 1));
            }
            else if (type.Kind == BtfKind.Datasec)
            {
                for (int i = 0; i < type.Vlen; i++)
                    open.Push((types[type.VarSec(i).Type].Type, at.Depth + 1));
            }
            else if (type.Kind == BtfKind.Array)
            {
                open.Push((type.ArrayElement, at.Depth + 1));
            }
        }

        return false;
    }
}
