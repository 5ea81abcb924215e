using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Stores to the stack: spills of registers, and plain data (check_stack_write and kin).</summary>
internal static class StackWrite
{
    /// <param name="valueRegno">The register stored, or -1 for an immediate or something unknown.</param>
    public static int Check(Walker w, int regno, int off, int size, int valueRegno, int insnIdx)
    {
        ref RegState reg = ref w.Regs[regno];
        FuncState frame = w.FrameOf(reg);
        return reg.Bounds.Tnum.IsConst
            ? Fixed(w, frame, off + (int)reg.Bounds.Tnum.Value, size, valueRegno, insnIdx)
            : Variable(w, frame, regno, off, size, valueRegno, insnIdx);
    }

    private static bool IsStoreImmediate(Walker w, int insnIdx)
    {
        Insn insn = w.Env.Insns[insnIdx];
        return insn.Class == Op.St && Op.Mode(insn.Code) == Op.Mem;
    }

    private static int Fixed(Walker w, FuncState frame, int off, int size, int valueRegno, int insnIdx)
    {
        int at = -off - 1, index = at / StackSlot.Size;
        ref StackSlot slot = ref frame.Stack[index];
        if (!w.AllowPointerLeaks && slot.IsSpill && !slot.IsScalarSpill && size != StackSlot.Size)
        {
            w.Log.Write("attempt to corrupt spilled pointer on stack\n");
            return -Errno.EACCES;
        }

        bool immediate = valueRegno < 0 && IsStoreImmediate(w, insnIdx);
        bool aligned = off % StackSlot.Size == 0;
        FastcallStack.Check(w, frame, insnIdx, off);
        w.Scratch.MarkSlot(index);
        if (size == StackSlot.Size)
            w.Liveness.MarkWrite(frame.FrameNo, 1UL << index);

        RegType type = valueRegno >= 0 ? w.Regs[valueRegno].Type : RegType.NotInit;
        if (valueRegno >= 0 && aligned && type == RegType.Scalar && w.BpfCapable)
        {
            ref RegState value = ref w.Regs[valueRegno];
            bool fits = ScalarIds.Width(value.Bounds) <= size * 8;
            if (fits)
                ScalarIds.Assign(w, ref value);
            Spill(w, ref slot, value, size);
            if (!fits)
                slot.Spilled.Id = 0;
        }
        else if (immediate && aligned && w.BpfCapable)
        {
            RegState constant = default;
            constant.SetConst((ulong)w.Env.Insns[insnIdx].Imm);
            Spill(w, ref slot, constant, size);
        }
        else if (valueRegno >= 0 && type.IsSpillable())
        {
            if (size != StackSlot.Size)
            {
                w.PrintSource(insnIdx);
                w.Log.Write("invalid size of register spill\n");
                return -Errno.EACCES;
            }

            if (frame != w.Frame && type == RegType.PtrToStack)
            {
                w.Log.Write("cannot spill pointers to stack into stack frame of the caller\n");
                return -Errno.EINVAL;
            }

            Spill(w, ref slot, w.Regs[valueRegno], size);
        }
        else
        {
            return Data(w, ref slot, at, size, valueRegno, immediate && w.Env.Insns[insnIdx].Imm == 0);
        }

        w.Record(stackAccess: true, index, frame.FrameNo);
        return 0;
    }

    /// <summary>Bytes that are no register: zero where that is known.</summary>
    private static int Data(Walker w, ref StackSlot slot, int at, int size, int valueRegno, bool zeroImmediate)
    {
        slot.Spilled.Type = RegType.NotInit;
        if (slot[7] is SlotType.Spill or SlotType.Dynptr or SlotType.Iter or SlotType.IrqFlag)
        {
            for (int i = 0; i < StackSlot.Size; i++)
            {
                if (slot[i] == SlotType.Spill)
                    slot.Set(i, SlotType.Misc);
            }
        }

        SlotType type = SlotType.Misc;
        if (zeroImmediate || (valueRegno >= 0 && w.Regs[valueRegno].IsNull))
        {
            int error = valueRegno >= 0 ? w.Precision.Mark(valueRegno) : 0;
            if (error != 0)
                return error;
            type = SlotType.Zero;
        }

        for (int i = 0; i < size; i++)
            slot.Set((at - i) % StackSlot.Size, type);
        return 0;
    }

    /// <summary>
    /// Puts a register into a slot (save_register_state): its lower bytes are the spill; those above a smaller one become data, except that
    /// zeros stay, and unusable bytes stay where programs may read them anyway (mark_stack_slot_misc).
    /// </summary>
    private static void Spill(Walker w, ref StackSlot slot, in RegState value, int size)
    {
        slot.Spilled = value;
        int i = StackSlot.Size;
        for (; i > StackSlot.Size - size; i--)
            slot.Set(i - 1, SlotType.Spill);
        for (; i > 0; i--)
        {
            if (slot[i - 1] != SlotType.Zero && !(slot[i - 1] == SlotType.Invalid && w.AllowPointerLeaks))
                slot.Set(i - 1, SlotType.Misc);
        }
    }

    private static int Variable(Walker w, FuncState frame, int regno, int off, int size, int valueRegno, int insnIdx)
    {
        ref RegState reg = ref w.Regs[regno];
        int min = (int)(reg.Bounds.SMin + off), max = (int)(reg.Bounds.SMax + off + size);
        bool zero = valueRegno >= 0 ? w.Regs[valueRegno].IsNull : IsStoreImmediate(w, insnIdx) && w.Env.Insns[insnIdx].Imm == 0;
        bool zeroUsed = false;
        FastcallStack.Check(w, frame, insnIdx, min);
        for (int i = min; i < max; i++)
        {
            int at = -i - 1, index = at / StackSlot.Size;
            ref StackSlot slot = ref frame.Stack[index];
            SlotType type = slot[at % StackSlot.Size];
            w.Scratch.MarkSlot(index);
            if (!w.AllowPointerLeaks && type != SlotType.Misc && type != SlotType.Zero)
            {
                w.Log.Write($"spilled ptr in range of var-offset stack write; insn {insnIdx}, ptr off: {i}");
                return -Errno.EINVAL;
            }

            if (zero && type == SlotType.Spill && slot.IsScalarSpill && slot.Spilled.IsNull)
            {
                zeroUsed = true;
                continue;
            }

            // As scrub_special_slot: the rest of a spill that is overwritten becomes data.
            if (slot[7] == SlotType.Spill)
            {
                for (int j = 0; j < StackSlot.Size; j++)
                {
                    if (slot[j] == SlotType.Spill)
                        slot.Set(j, SlotType.Misc);
                }
            }

            slot.Spilled.Type = RegType.NotInit;
            SlotType now = SlotType.Misc;
            if (zero && type == SlotType.Zero)
            {
                now = SlotType.Zero;
                zeroUsed = true;
            }

            if (type == SlotType.Invalid && !w.AllowUninitStack)
            {
                w.Log.Write($"uninit stack in range of var-offset write prohibited for !root; insn {insnIdx}, off: {i}");
                return -Errno.EINVAL;
            }

            slot.Set(at % StackSlot.Size, now);
        }

        return zeroUsed && valueRegno >= 0 ? w.Precision.Mark(valueRegno) : 0;
    }
}
