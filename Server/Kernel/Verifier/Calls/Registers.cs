using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>What calls do to registers and references, on all frames where they must.</summary>
internal static class Registers
{
    /// <summary>An unknown scalar; who may not use unprivileged tricks gets it precise at once (mark_reg_unknown).</summary>
    public static void SetUnknown(Walker w, ref RegState reg)
    {
        reg.SetUnknown();
        reg.Precise = !w.BpfCapable;
    }

    public static void SetNotInit(Walker w, ref RegState reg)
    {
        reg.SetNotInit();
        reg.Precise = !w.BpfCapable;
    }

    /// <summary>A pointer (or scalar) of a kind, with offset 0.</summary>
    public static void SetKnownZero(ref RegState reg, RegType type)
    {
        reg.SetKnown(0);
        reg.Type = type;
    }

    /// <summary>A pointer that this program may not turn into a number.</summary>
    public static bool IsSecret(Walker w, in RegState reg) => !w.AllowPointerLeaks && reg.Type != RegType.Scalar;

    /// <summary>R0 to R5 hold nothing after a call (clear_caller_saved_regs).</summary>
    public static void ClearCallerSaved(Walker w, FuncState frame)
    {
        for (int i = Op.R0; i <= Op.R5; i++)
        {
            SetNotInit(w, ref frame.Regs[i]);
            frame.Regs[i].SubregDef = w.InsnIdx + 1;
            w.Scratch.MarkReg(i);
        }
    }

    /// <summary>A new reference, taken at an instruction (acquire_reference).</summary>
    public static uint Acquire(Walker w, int insnIdx)
    {
        uint id = w.NextId();
        w.Current.References.Add(new Reference(id, insnIdx));
        return id;
    }

    /// <summary>Ends a reference: every pointer that stands for it becomes worthless. False where there is no such reference (release_reference).</summary>
    public static bool Release(Walker w, uint id)
    {
        int index = w.Current.References.FindIndex(r => r.Id == id);
        if (index < 0)
            return false;
        w.Current.References.RemoveAt(index);
        Invalidate(w, id, packets: false);
        return true;
    }

    /// <summary>Packet pointers may point to freed memory now (clear_all_pkt_pointers).</summary>
    public static void ClearPacketPointers(Walker w) => Invalidate(w, 0, packets: true);

    // bpf_for_each_reg_in_vstate with mark_reg_invalid.
    private static void Invalidate(Walker w, uint reference, bool packets)
    {
        for (int f = 0; f <= w.Current.CurFrame; f++)
        {
            FuncState frame = w.Current.Frames[f]!;
            for (int i = 0; i < Op.MaxRegs; i++)
                InvalidateOne(w, ref frame.Regs[i], reference, packets);
            for (int i = 0; i < frame.StackSlots; i++)
            {
                if (frame.Stack[i].IsSpill)
                    InvalidateOne(w, ref frame.Stack[i].Spilled, reference, packets);
            }
        }
    }

    private static void InvalidateOne(Walker w, ref RegState reg, uint reference, bool packets)
    {
        if (packets ? !reg.Type.IsPacketAny() : reg.RefObjId != reference)
            return;
        if (w.AllowPointerLeaks)
            SetUnknown(w, ref reg);
        else
            SetNotInit(w, ref reg);
    }
}
