using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Loads from the stack: fills give the spilled register back. As check_stack_read (6.18).</summary>
internal static class StackRead
{
    /// <param name="off">Constant offset, that of the register included; bounds were checked.</param>
    public static int Check(Walker w, int regno, int off, int size, int dst)
    {
        ref RegState pointer = ref w.Regs[regno];
        FuncState frame = w.FrameOf(pointer);
        if (pointer.Bounds.IsConst)
            return Fixed(w, frame, off + (int)pointer.Bounds.Tnum.Value, size, dst);
        if (dst < 0)
        {
            w.Log.Write($"variable offset stack pointer cannot be passed into helper function; var_off={pointer.Bounds.Tnum} off={off} size={size}\n");
            return -Errno.EACCES;
        }

        if (!w.AllowPointerLeaks)
        {
            w.Log.Write($"R{regno} variable offset stack access prohibited for !root, var_off={pointer.Bounds.Tnum}\n");
            return -Errno.EACCES;
        }

        int error = StackAccess.CheckRange(w, regno, off, size, zeroAllowed: false, write: false, null);
        if (error != 0)
            return error;
        int min = (int)pointer.Bounds.SMin + off, max = (int)pointer.Bounds.SMax + off;
        Load(w, frame, min, max + size, dst);
        StackBounds.CheckFastcall(w, frame, w.InsnIdx, min);
        return 0;
    }

    private static int Fixed(Walker w, FuncState frame, int off, int size, int dst)
    {
        int last = -off - 1, spi = last / StackSlot.Size;
        ref StackSlot slot = ref frame.Stack[spi];
        w.Scratch.MarkSlot(spi);
        StackBounds.CheckFastcall(w, w.Frame, w.InsnIdx, off);
        w.Liveness.MarkRead(frame.FrameNo, w.InsnIdx, 1UL << spi);
        bool fill;
        int error;
        if (slot.IsSpill)
        {
            error = Spill(w, ref slot, off, last, size, dst, out fill);
        }
        else
        {
            fill = false;
            error = CheckBytes(w, slot, off, last, size, spills: false, out _, out _);
            if (error == 0 && dst >= 0)
                Load(w, frame, off, off + size, dst);
        }

        if (error == 0 && fill)
            w.Record(stackAccess: true, slot: spi, frame: frame.FrameNo);
        return error;
    }

    private static int Spill(Walker w, ref StackSlot slot, int off, int last, int size, int dst, out bool fill)
    {
        fill = false;
        ref RegState spilled = ref slot.Spilled;
        int spillSize = 1;
        for (int i = StackSlot.Size - 1; i > 0 && slot[i - 1] == SlotType.Spill; i--)
            spillSize++;
        if (size == StackSlot.Size && spillSize == StackSlot.Size)
        {
            fill = true;
            if (dst >= 0)
            {
                w.Regs[dst] = spilled;
            }
            else if (w.IsPointer(spilled))
            {
                w.Log.Write($"leaking pointer from stack off {off}\n");
                return -Errno.EACCES;
            }

            return 0;
        }

        if (spilled.Type != RegType.Scalar)
        {
            w.PrintSource(w.InsnIdx);
            w.Log.Write("invalid size of register fill\n");
            return -Errno.EACCES;
        }

        if (dst < 0)
            return 0;
        if (size <= spillSize && off % StackSlot.Size == 0)
        {
            fill = true;
            int def = w.Regs[dst].SubregDef;
            if (w.BpfCapable && size == 4 && spillSize == 4 && StackBounds.Width(spilled) <= 32)
                StackBounds.AssignId(w, ref spilled);
            w.Regs[dst] = spilled;
            w.Regs[dst].SubregDef = def;
            if (StackBounds.Width(spilled) > size * 8)
                w.Regs[dst].Id = 0;
            return 0;
        }

        int error = CheckBytes(w, slot, off, last, size, spills: true, out int spills, out int zeros);
        if (error != 0)
            return error;
        fill = spills == size && spilled.IsNull;
        if (fill || zeros == size)
            w.MarkZero(ref w.Regs[dst]);
        else
            w.MarkUnknown(ref w.Regs[dst]);
        return 0;
    }

    private static int CheckBytes(Walker w, in StackSlot slot, int off, int last, int size, bool spills, out int spilled, out int zeros)
    {
        spilled = zeros = 0;
        for (int i = 0; i < size; i++)
        {
            SlotType type = slot[(last - i) % StackSlot.Size];
            if (type == SlotType.Spill && spills)
                spilled++;
            else if (type == SlotType.Zero)
                zeros++;
            else if (type != SlotType.Misc && !(type == SlotType.Invalid && w.AllowUninitStack))
                return Invalid(w, off, i, size);
        }

        return 0;
    }

    // mark_reg_stack_read: zeros read as 0, all else is unknown.
    private static void Load(Walker w, FuncState frame, int min, int max, int dst)
    {
        int zeros = 0;
        for (int i = min; i < max; i++)
        {
            int at = -i - 1;
            w.Scratch.MarkSlot(at / StackSlot.Size);
            if (frame.Stack[at / StackSlot.Size][at % StackSlot.Size] != SlotType.Zero)
                break;
            zeros++;
        }

        if (zeros == max - min)
            w.MarkZero(ref w.Regs[dst]);
        else
            w.MarkUnknown(ref w.Regs[dst]);
    }

    private static int Invalid(Walker w, int off, int i, int size)
    {
        w.Log.Write($"invalid read from stack off {off}+{i} size {size}\n");
        return -Errno.EACCES;
    }
}
