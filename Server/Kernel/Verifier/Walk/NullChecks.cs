using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Pointers that may be null, once a branch has told (mark_ptr_or_null_regs).</summary>
internal static class NullChecks
{
    /// <summary>All copies of a pointer become 0, or a pointer that is not null.</summary>
    public static void Mark(VerifierState state, int regno, bool isNull)
    {
        uint id = state.Regs[regno].Id, reference = state.Regs[regno].RefObjId;
        if (reference != 0 && reference == id && isNull)
        {
            int at = state.References.FindIndex(r => r.Id == id);
            if (at >= 0)
                state.References.RemoveAt(at);
        }

        for (int frame = 0; frame <= state.CurFrame; frame++)
        {
            FuncState func = state.Frames[frame]!;
            for (int i = 0; i < func.Regs.Length; i++)
                Mark(ref func.Regs[i], id, isNull);
            for (int i = 0; i < func.StackSlots; i++)
            {
                if (func.Stack[i].IsSpill)
                    Mark(ref func.Stack[i].Spilled, id, isNull);
            }
        }
    }

    /// <summary>The pointer is there: its kind loses "or null" (mark_ptr_not_null_reg).</summary>
    public static void MarkNotNull(ref RegState reg)
    {
        if (reg.Type.Base() == RegType.PtrToMapValue && reg.Map is { } map)
        {
            if (map.Definition.InnerMap is { } inner)
            {
                reg.Type = RegType.ConstPtrToMap;
                reg.Map = inner;
                return;
            }

            reg.Type = map.Type switch
            {
                BpfMapType.Xskmap => RegType.PtrToXdpSock,
                BpfMapType.Sockmap or BpfMapType.Sockhash => RegType.PtrToSocket,
                _ => RegType.PtrToMapValue,
            };
            return;
        }

        reg.Type &= ~RegType.MaybeNull;
    }

    private static void Mark(ref RegState reg, uint id, bool isNull)
    {
        if (!reg.Type.MayBeNull() || reg.Id != id)
            return;
        if (isNull)
        {
            reg.Type = RegType.Scalar;
            reg.Id = reg.RefObjId = 0;
            reg.Map = null;
            reg.Range = 0;
            return;
        }

        MarkNotNull(ref reg);
        reg.Id = 0;
    }
}
