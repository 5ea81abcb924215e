using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>What helper calls do with maps: which go together, what is known of the key, what the rewrites may rely on.</summary>
internal static class MapCalls
{
    /// <summary>check_map_func_compatibility.</summary>
    public static int CheckTogether(Walker w, BpfMap? map, BpfFuncId func)
    {
        if (map is null || MapRegistry.AllowsHelper(map.Type, func))
            return 0;
        w.Log.Write($"cannot pass map_type {(int)map.Type} into func {HelperNames.OfOrUnknown((int)func)}#{(int)func}\n");
        return -Errno.EINVAL;
    }

    /// <summary>A lookup in an array with a known key below max_entries never fails (can_elide_value_nullness).</summary>
    public static bool LooksUpSurely(CallMeta meta) =>
        meta.Func == BpfFuncId.MapLookupElem && IsSureArray(meta.Map!) && meta.ConstKey >= 0 && meta.ConstKey < meta.Map!.MaxEntries;

    /// <summary>Notes the key if it lies on the stack as a constant; it is precise from now on (get_constant_map_key).</summary>
    public static int ReadKey(Walker w, int regno, CallMeta meta)
    {
        if (!IsSureArray(meta.Map!))
            return 0;
        meta.ConstKey = -1;
        RegState key = w.Regs[regno];
        if (!w.BpfCapable || key.Type != RegType.PtrToStack || !key.Bounds.IsConst)
            return 0;
        FuncState frame = w.Current.Frames[key.FrameNo]!;
        int slot = -(int)(key.Off + (long)key.Bounds.Tnum.Value) - 1;
        int spi = slot / StackSlot.Size, last = slot % StackSlot.Size;
        if (Count(frame.Stack[spi], last, SlotType.Zero) >= meta.Map!.KeySize)
        {
            meta.ConstKey = 0;
            return 0;
        }

        if (!frame.Stack[spi].IsScalarSpill || Count(frame.Stack[spi], last, SlotType.Spill) != meta.Map.KeySize
            || !frame.Stack[spi].Spilled.Bounds.IsConst)
        {
            return 0;
        }

        int error = w.Precision.MarkSlot(key.FrameNo, spi);
        if (error < 0)
            return error;
        meta.ConstKey = (long)frame.Stack[spi].Spilled.Bounds.Tnum.Value;
        return 0;
    }

    /// <summary>The map that this call deals with on every path, or none (record_func_map).</summary>
    public static int RecordMap(Walker w, CallMeta meta, int insnIdx)
    {
        if (meta.Func is not (BpfFuncId.TailCall or BpfFuncId.MapLookupElem or BpfFuncId.MapUpdateElem or BpfFuncId.MapDeleteElem
            or BpfFuncId.MapPushElem or BpfFuncId.MapPopElem or BpfFuncId.MapPeekElem or BpfFuncId.ForEachMapElem or BpfFuncId.RedirectMap
            or BpfFuncId.MapLookupPercpuElem))
        {
            return 0;
        }

        BpfMap map = meta.Map!;
        if ((map.Definition.Flags & MapFlags.RdonlyProg) != 0
            && meta.Func is BpfFuncId.MapDeleteElem or BpfFuncId.MapUpdateElem or BpfFuncId.MapPushElem or BpfFuncId.MapPopElem)
        {
            w.Log.Write("write into map forbidden\n");
            return -Errno.EACCES;
        }

        ref InsnAux aux = ref w.Env.Aux[insnIdx];
        // An inner map is only known by its template: -1.
        int index = w.Env.UsedMaps.IndexOf(map);
        if (!aux.Has(InsnAuxFlags.MapSeen))
        {
            aux.Flags |= InsnAuxFlags.MapSeen | (index < 0 ? InsnAuxFlags.MapPoisoned : 0);
            aux.MapIndex = index;
        }
        else if (aux.MapIndex != index)
        {
            aux.Flags |= InsnAuxFlags.MapPoisoned;
        }

        return 0;
    }

    /// <summary>The index of a tail call where it is the same constant on every path (record_func_key).</summary>
    public static int RecordKey(Walker w, CallMeta meta, int insnIdx)
    {
        if (meta.Func != BpfFuncId.TailCall)
            return 0;
        if (meta.Map is not { Type: BpfMapType.ProgArray } map)
        {
            w.Log.Write("expected prog array map for tail call");
            return -Errno.EINVAL;
        }

        ref InsnAux aux = ref w.Env.Aux[insnIdx];
        RegState index = w.Regs[Op.R3];
        if (!index.IsConstScalar || index.Bounds.Tnum.Value >= map.MaxEntries)
        {
            aux.Flags |= InsnAuxFlags.MapKeySeen | InsnAuxFlags.MapKeyPoisoned;
            return 0;
        }

        int error = w.Precision.Mark(Op.R3);
        if (error != 0)
            return error;
        uint key = (uint)index.Bounds.Tnum.Value;
        if (!aux.Has(InsnAuxFlags.MapKeySeen))
            aux.MapOffset = key;
        else if (aux.MapOffset != key)
            aux.Flags |= InsnAuxFlags.MapKeyPoisoned;
        aux.Flags |= InsnAuxFlags.MapKeySeen;
        return 0;
    }

    private static bool IsSureArray(BpfMap map) => map.Type is BpfMapType.Array or BpfMapType.PercpuArray;

    private static int Count(in StackSlot slot, int last, SlotType type)
    {
        int count = 0;
        for (int i = last; i >= 0 && slot[i] == type; i--)
            count++;
        return count;
    }
}
