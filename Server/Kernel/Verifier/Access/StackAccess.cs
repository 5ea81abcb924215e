using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Calls;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Ranges of the stack that helpers read or write (check_stack_range_initialized).</summary>
internal static class StackAccess
{
    /// <param name="meta">The call, where a helper is given the range: uninitialised memory is then allowed if the helper fills it.</param>
    public static int CheckRange(Walker w, int regno, int off, int size, bool zeroAllowed, bool write, CallMeta? meta)
    {
        ref RegState reg = ref w.Regs[regno];
        if (size == 0 && !zeroAllowed)
        {
            w.Log.Write("invalid zero-sized read\n");
            return -Errno.EACCES;
        }

        int error = StackBounds.Check(w, regno, off, size, write);
        if (error != 0)
            return error;
        bool known = reg.Bounds.Tnum.IsConst;
        int min, max;
        if (known)
        {
            min = max = (int)reg.Bounds.Tnum.Value + off;
        }
        else
        {
            if (!w.AllowPointerLeaks)
            {
                w.Log.Write($"R{regno} variable offset stack access prohibited for !root, var_off={reg.Bounds.Tnum}\n");
                return -Errno.EACCES;
            }

            // Where the range is not known exactly, nothing may be assumed written.
            if (meta is { RawMode: true })
                meta = null;
            min = (int)(reg.Bounds.SMin + off);
            max = (int)(reg.Bounds.SMax + off);
        }

        if (meta is { RawMode: true })
        {
            meta.AccessSize = size;
            meta.Regno = regno;
            return 0;
        }

        FuncState frame = w.FrameOf(reg);
        for (int i = min; i < max + size; i++)
        {
            int at = -i - 1, index = at / StackSlot.Size;
            if (index >= frame.StackSlots)
            {
                w.Log.Write("allocated_stack too small\n");
                return -Errno.EFAULT;
            }

            if (!Touch(w, ref frame.Stack[index], index, at % StackSlot.Size, write))
            {
                w.Log.Write(known
                    ? $"invalid read from stack R{regno} off {min}+{i - min} size {size}\n"
                    : $"invalid read from stack R{regno} var_off {reg.Bounds.Tnum}+{i - min} size {size}\n");
                return -Errno.EACCES;
            }

            w.Liveness.MarkRead(reg.FrameNo, w.InsnIdx, 1UL << index);
        }

        return 0;
    }

    /// <summary>Whether a helper may have this byte; what it may overwrite is plain data afterwards.</summary>
    private static bool Touch(Walker w, ref StackSlot slot, int index, int i, bool clobber)
    {
        SlotType type = slot[i];
        if (type == SlotType.Misc)
            return true;
        if (type == SlotType.Zero || (type == SlotType.Invalid && w.AllowUninitStack))
        {
            if (clobber)
                slot.Set(i, SlotType.Misc);
            return true;
        }

        if (!slot.IsSpill || (slot.Spilled.Type != RegType.Scalar && !w.AllowPointerLeaks))
            return false;
        if (clobber)
        {
            w.MarkUnknown(ref slot.Spilled);
            for (int j = 0; j < StackSlot.Size; j++)
            {
                if (slot[j] == SlotType.Spill)
                    slot.Set(j, SlotType.Misc);
            }

            w.Scratch.MarkSlot(index);
        }

        return true;
    }
}
