using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Stores to the stack: spills keep the register, other data is only known as data or as zero. As check_stack_write (6.18).</summary>
internal static class StackWrite
{
    /// <param name="off">Constant offset, that of the register included; bounds were checked.</param>
    public static int Check(Walker w, int insnIdx, int regno, int off, int size, int valueRegno)
    {
        ref RegState pointer = ref w.Regs[regno];
        FuncState frame = w.FrameOf(pointer);
        return pointer.Bounds.IsConst
            ? Fixed(w, frame, insnIdx, off + (int)pointer.Bounds.Tnum.Value, size, valueRegno)
            : Variable(w, frame, insnIdx, (int)pointer.Bounds.SMin + off, (int)pointer.Bounds.SMax + off + size, valueRegno);
    }

    private static int Fixed(Walker w, FuncState frame, int insnIdx, int off, int size, int valueRegno)
    {
        int last = -off - 1, spi = last / StackSlot.Size;
        ref StackSlot slot = ref frame.Stack[spi];
        Insn insn = w.Env.Insns[insnIdx];
        bool immediate = insn.Class == Op.St && Op.Mode(insn.Code) == Op.Mem;
        bool aligned = off % StackSlot.Size == 0;
        if (!w.AllowPointerLeaks && slot.IsSpill && !slot.IsScalarSpill && size != StackSlot.Size)
        {
            w.Log.Write("attempt to corrupt spilled pointer on stack\n");
            return -Errno.EACCES;
        }

        if (aligned && size == StackSlot.Size)
            w.Liveness.MarkWrite(frame.FrameNo, 1UL << spi);
        StackBounds.CheckFastcall(w, frame, insnIdx, off);
        w.Scratch.MarkSlot(spi);
        if (valueRegno >= 0 && aligned && w.Regs[valueRegno].Type == RegType.Scalar && w.BpfCapable)
        {
            ref RegState value = ref w.Regs[valueRegno];
            bool fits = StackBounds.Width(value) <= size * 8;
            if (fits)
                StackBounds.AssignId(w, ref value);
            Save(w, ref slot, value, size);
            if (!fits)
                slot.Spilled.Id = 0;
        }
        else if (valueRegno < 0 && aligned && immediate && w.BpfCapable)
        {
            RegState value = default;
            value.SetConst((ulong)(long)insn.Imm);
            Save(w, ref slot, value, size);
        }
        else if (valueRegno >= 0 && w.Regs[valueRegno].Type.IsSpillable())
        {
            if (size != StackSlot.Size)
            {
                w.PrintSource(insnIdx);
                w.Log.Write("invalid size of register spill\n");
                return -Errno.EACCES;
            }

            if (!ReferenceEquals(frame, w.Frame) && w.Regs[valueRegno].Type == RegType.PtrToStack)
            {
                w.Log.Write("cannot spill pointers to stack into stack frame of the caller\n");
                return -Errno.EINVAL;
            }

            Save(w, ref slot, w.Regs[valueRegno], size);
        }
        else
        {
            return Data(w, ref slot, last, size, valueRegno, zero: valueRegno >= 0 ? w.Regs[valueRegno].IsNull : immediate && insn.Imm == 0);
        }

        w.Record(stackAccess: true, slot: spi, frame: frame.FrameNo);
        return 0;
    }

    // Bytes that are no register: data, or zeros (then the register they came from is precise).
    private static int Data(Walker w, ref StackSlot slot, int last, int size, int valueRegno, bool zero)
    {
        bool spill = slot.IsSpill;
        slot.Spilled.Type = RegType.NotInit;
        if (spill)
        {
            for (int i = 0; i < StackSlot.Size; i++)
                slot.Scrub(i);
        }

        if (zero)
        {
            int error = valueRegno < 0 ? 0 : w.Precision.Mark(valueRegno);
            if (error != 0)
                return error;
        }

        for (int i = 0; i < size; i++)
            slot.Set((last - i) % StackSlot.Size, zero ? SlotType.Zero : SlotType.Misc);
        return 0;
    }

    // save_register_state.
    private static void Save(Walker w, ref StackSlot slot, in RegState value, int size)
    {
        slot.Spilled = value;
        int i = StackSlot.Size;
        for (; i > StackSlot.Size - size; i--)
            slot.Set(i - 1, SlotType.Spill);
        for (; i > 0; i--)
        {
            if (slot[i - 1] != SlotType.Zero && !(w.AllowPointerLeaks && slot[i - 1] == SlotType.Invalid))
                slot.Set(i - 1, SlotType.Misc);
        }
    }

    private static int Variable(Walker w, FuncState frame, int insnIdx, int min, int max, int valueRegno)
    {
        Insn insn = w.Env.Insns[insnIdx];
        bool zero = valueRegno >= 0
            ? w.Regs[valueRegno].IsNull
            : insn.Class == Op.St && Op.Mode(insn.Code) == Op.Mem && insn.Imm == 0;
        bool zeroUsed = false;
        StackBounds.CheckFastcall(w, frame, insnIdx, min);
        for (int i = min; i < max; i++)
        {
            int at = -i - 1, spi = at / StackSlot.Size;
            ref StackSlot slot = ref frame.Stack[spi];
            SlotType type = slot[at % StackSlot.Size];
            w.Scratch.MarkSlot(spi);
            if (!w.AllowPointerLeaks && type is not (SlotType.Misc or SlotType.Zero))
            {
                w.Log.Write($"spilled ptr in range of var-offset stack write; insn {insnIdx}, ptr off: {i}");
                return -Errno.EINVAL;
            }

            if (zero && type == SlotType.Spill && slot.IsScalarSpill && slot.Spilled.IsNull)
            {
                zeroUsed = true;
                continue;
            }

            slot.Spilled.Type = RegType.NotInit;
            for (int j = 0; type == SlotType.Spill && j < StackSlot.Size; j++)
                slot.Scrub(j);
            if (type == SlotType.Invalid && !w.AllowUninitStack)
            {
                w.Log.Write($"uninit stack in range of var-offset write prohibited for !root; insn {insnIdx}, off: {i}");
                return -Errno.EINVAL;
            }

            bool stays = zero && type == SlotType.Zero;
            zeroUsed |= stays;
            slot.Set(at % StackSlot.Size, stays ? SlotType.Zero : SlotType.Misc);
        }

        return zeroUsed && valueRegno >= 0 ? w.Precision.Mark(valueRegno) : 0;
    }
}
