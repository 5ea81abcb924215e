using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Loads from the stack: fills of spilled registers, and plain data (check_stack_read and kin).</summary>
internal static class StackRead
{
    /// <param name="destination">The register loaded, or -1 where the value only must be readable as a scalar.</param>
    public static int Check(Walker w, int regno, int off, int size, int destination)
    {
        ref RegState reg = ref w.Regs[regno];
        FuncState frame = w.FrameOf(reg);
        if (reg.Bounds.Tnum.IsConst)
            return Fixed(w, frame, off + (int)reg.Bounds.Tnum.Value, size, destination);
        if (destination < 0)
        {
            w.Log.Write($"variable offset stack pointer cannot be passed into helper function; var_off={reg.Bounds.Tnum} off={off} size={size}\n");
            return -Errno.EACCES;
        }

        if (!w.AllowPointerLeaks)
        {
            w.Log.Write($"R{regno} variable offset stack access prohibited for !root, var_off={reg.Bounds.Tnum}\n");
            return -Errno.EACCES;
        }

        int min = (int)(reg.Bounds.SMin + off), max = (int)(reg.Bounds.SMax + off + size);
        int error = StackAccess.CheckRange(w, regno, off, size, zeroAllowed: false, write: false, null);
        if (error != 0)
            return error;
        Load(w, frame, min, max, destination);
        FastcallStack.Check(w, frame, w.InsnIdx, min);
        return 0;
    }

    private static int Fixed(Walker w, FuncState frame, int off, int size, int destination)
    {
        int at = -off - 1, index = at / StackSlot.Size;
        ref StackSlot slot = ref frame.Stack[index];
        w.Scratch.MarkSlot(index);
        FastcallStack.Check(w, frame, w.InsnIdx, off);
        w.Liveness.MarkRead(frame.FrameNo, w.InsnIdx, 1UL << index);
        bool filled = false;
        if (slot.IsSpill)
        {
            int error = Fill(w, ref slot, off, at, size, destination, out filled);
            if (error != 0)
                return error;
        }
        else
        {
            for (int i = 0; i < size; i++)
            {
                if (!IsReadable(w, slot[(at - i) % StackSlot.Size]))
                    return Unreadable(w, off, i, size);
            }

            if (destination >= 0)
                Load(w, frame, off, off + size, destination);
        }

        if (filled)
            w.Record(stackAccess: true, index, frame.FrameNo);
        return 0;
    }

    /// <summary>A load that touches a spilled register. <paramref name="filled"/>: the register came back as it was (or its lower part).</summary>
    private static int Fill(Walker w, ref StackSlot slot, int off, int at, int size, int destination, out bool filled)
    {
        filled = true;
        int spilled = 1;
        for (int i = StackSlot.Size - 1; i > 0 && slot[i - 1] == SlotType.Spill; i--)
            spilled++;
        if (size == StackSlot.Size && spilled == StackSlot.Size)
        {
            if (destination >= 0)
            {
                w.Regs[destination] = slot.Spilled;
            }
            else if (w.IsPointer(slot.Spilled))
            {
                w.Log.Write($"leaking pointer from stack off {off}\n");
                return -Errno.EACCES;
            }

            return 0;
        }

        if (slot.Spilled.Type != RegType.Scalar)
        {
            w.PrintSource(w.InsnIdx);
            w.Log.Write("invalid size of register fill\n");
            return -Errno.EACCES;
        }

        if (destination < 0)
        {
            filled = false;
            return 0;
        }

        if (size <= spilled && off % StackSlot.Size == 0)
        {
            w.Regs[destination] = slot.Spilled;
            if (ScalarIds.Width(slot.Spilled.Bounds) > size * 8)
                w.Regs[destination].Id = 0;
            return 0;
        }

        return Mixed(w, ref slot, off, at, size, destination, out filled);
    }

    /// <summary>Bytes of a spill mixed with others.</summary>
    private static int Mixed(Walker w, ref StackSlot slot, int off, int at, int size, int destination, out bool filled)
    {
        int spills = 0, zeros = 0;
        filled = false;
        for (int i = 0; i < size; i++)
        {
            SlotType type = slot[(at - i) % StackSlot.Size];
            if (type == SlotType.Spill)
                spills++;
            else if (type == SlotType.Zero)
                zeros++;
            else if (!IsReadable(w, type))
                return Unreadable(w, off, i, size);
        }

        if (spills == size && slot.Spilled.IsNull)
        {
            w.MarkZero(ref w.Regs[destination]);
            filled = true;
        }
        else if (zeros == size)
        {
            w.MarkZero(ref w.Regs[destination]);
        }
        else
        {
            w.MarkUnknown(ref w.Regs[destination]);
        }

        return 0;
    }

    /// <summary>Data of the stack in a register: zero where every byte is, else unknown (mark_reg_stack_read).</summary>
    private static void Load(Walker w, FuncState frame, int min, int max, int destination)
    {
        bool zero = true;
        for (int i = min; i < max && zero; i++)
        {
            int at = -i - 1;
            w.Scratch.MarkSlot(at / StackSlot.Size);
            zero = frame.Stack[at / StackSlot.Size][at % StackSlot.Size] == SlotType.Zero;
        }

        if (zero)
            w.MarkZero(ref w.Regs[destination]);
        else
            w.MarkUnknown(ref w.Regs[destination]);
    }

    private static bool IsReadable(Walker w, SlotType type) =>
        type is SlotType.Misc or SlotType.Zero || (type == SlotType.Invalid && w.AllowUninitStack);

    private static int Unreadable(Walker w, int off, int i, int size)
    {
        w.Log.Write($"invalid read from stack off {off}+{i} size {size}\n");
        return -Errno.EACCES;
    }
}
