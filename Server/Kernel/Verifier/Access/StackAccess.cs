using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Calls;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Stack memory that a helper (or a load at a variable offset) uses, as check_stack_range_initialized (6.18).</summary>
internal static class StackAccess
{
    /// <param name="off">Constant offset, that of the register included.</param>
    /// <param name="meta">With <see cref="CallMeta.RawMode"/> the memory need not be initialised: it is filled after the call.</param>
    public static int CheckRange(Walker w, int regno, int off, int accessSize, bool zeroAllowed, bool write, CallMeta? meta)
    {
        ref RegState reg = ref w.Regs[regno];
        FuncState frame = w.FrameOf(reg);
        if (accessSize == 0 && !zeroAllowed)
        {
            w.Log.Write("invalid zero-sized read\n");
            return -Errno.EACCES;
        }

        int error = StackBounds.Check(w, regno, off, accessSize, write);
        if (error != 0)
            return error;
        bool isConst = reg.Bounds.IsConst;
        int min, max;
        if (isConst)
        {
            min = max = (int)(long)reg.Bounds.Tnum.Value + off;
        }
        else
        {
            if (!w.AllowPointerLeaks)
            {
                w.Log.Write($"R{regno} variable offset stack access prohibited for !root, var_off={reg.Bounds.Tnum}\n");
                return -Errno.EACCES;
            }

            if (meta is { RawMode: true })
                meta = null;
            min = (int)reg.Bounds.SMin + off;
            max = (int)reg.Bounds.SMax + off;
        }

        if (meta is { RawMode: true })
        {
            meta.AccessSize = accessSize;
            meta.Regno = regno;
            return 0;
        }

        for (int i = min; i < max + accessSize; i++)
        {
            int at = -i - 1, spi = at / StackSlot.Size;
            if (frame.StackSlots * StackSlot.Size <= at)
                return w.Bug("allocated_stack too small");
            if (!Usable(w, ref frame.Stack[spi], at % StackSlot.Size, write))
            {
                w.Log.Write(isConst
                    ? $"invalid read from stack R{regno} off {min}+{i - min} size {accessSize}\n"
                    : $"invalid read from stack R{regno} var_off {reg.Bounds.Tnum}+{i - min} size {accessSize}\n");
                return -Errno.EACCES;
            }

            w.Liveness.MarkRead(reg.FrameNo, w.InsnIdx, 1UL << spi);
        }

        return 0;
    }

    // A byte the helper may read; what it may write becomes data.
    private static bool Usable(Walker w, ref StackSlot slot, int i, bool write)
    {
        SlotType type = slot[i];
        if (type == SlotType.Misc)
            return true;
        if (type == SlotType.Zero || (type == SlotType.Invalid && w.AllowUninitStack))
        {
            if (write)
                slot.Set(i, SlotType.Misc);
            return true;
        }

        if (!slot.IsSpill || !(slot.Spilled.Type == RegType.Scalar || w.AllowPointerLeaks))
            return false;
        if (write)
        {
            w.MarkUnknown(ref slot.Spilled);
            for (int j = 0; j < StackSlot.Size; j++)
                slot.Scrub(j);
        }

        return true;
    }
}
