using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Whether an access stays inside a frame's 512 bytes; the frame grows to what is touched (check_stack_access_within_bounds).</summary>
internal static class StackBounds
{
    public const int MaxStack = 512;

    public static int Check(Walker w, int regno, int off, int size, bool write)
    {
        ref RegState reg = ref w.Regs[regno];
        FuncState frame = w.FrameOf(reg);
        string way = write ? " write to" : " read from";
        bool known = reg.Bounds.Tnum.IsConst;
        long min, max;
        if (known)
        {
            min = (long)reg.Bounds.Tnum.Value + off;
            max = min + size;
        }
        else
        {
            if (reg.Bounds.SMax >= RegionAccess.MaxVarOff || reg.Bounds.SMin <= -RegionAccess.MaxVarOff)
            {
                w.Log.Write($"invalid unbounded variable-offset{way} stack R{regno}\n");
                return -Errno.EACCES;
            }

            min = reg.Bounds.SMin + off;
            max = reg.Bounds.SMax + off + size;
        }

        long lowest = write || w.AllowUninitStack ? -MaxStack : -frame.StackSlots * StackSlot.Size;
        int error = min < lowest || min > -1 ? -Errno.EACCES : max > 0 ? -Errno.EINVAL : size < 0 ? -Errno.EFAULT : 0;
        if (error != 0)
        {
            w.Log.Write(known
                ? $"invalid{way} stack R{regno} off={min} size={size}\n"
                : $"invalid variable-offset{way} stack R{regno} var_off={reg.Bounds.Tnum} off={off} size={size}\n");
            return error;
        }

        frame.GrowStack((int)-min);
        SubprogInfo subprog = w.Env.Subprogs[frame.SubprogNo];
        if (subprog.StackDepth < -min)
            subprog.StackDepth = (int)-min;
        return 0;
    }
}
