using System.Numerics;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>Where on the stack an access may lie, and what all stack accesses share. As check_stack_access_within_bounds (6.18).</summary>
internal static class StackBounds
{
    private const int MaxStack = 512;
    private const long MaxVariableOffset = 1 << 29;

    /// <summary>The access lies in the frame that the register points into; makes its slots usable.</summary>
    /// <param name="off">Constant offset, that of the register included.</param>
    public static int Check(Walker w, int regno, int off, int size, bool write)
    {
        ref RegState reg = ref w.Regs[regno];
        FuncState frame = w.FrameOf(reg);
        string kind = write ? " write to" : " read from";
        Bounds bounds = reg.Bounds;
        long min, max;
        if (bounds.IsConst)
        {
            min = (long)bounds.Tnum.Value + off;
            max = min + size;
        }
        else
        {
            if (bounds.SMax >= MaxVariableOffset || bounds.SMin <= -MaxVariableOffset)
            {
                w.Log.Write($"invalid unbounded variable-offset{kind} stack R{regno}\n");
                return -Errno.EACCES;
            }

            min = bounds.SMin + off;
            max = bounds.SMax + off + size;
        }

        int lowest = write || w.AllowUninitStack ? -MaxStack : -frame.StackSlots * StackSlot.Size;
        int error = min < lowest || min > -1 ? -Errno.EACCES : max > 0 ? -Errno.EINVAL : size < 0 ? -Errno.EFAULT : 0;
        if (error != 0)
        {
            w.Log.Write(bounds.IsConst
                ? $"invalid{kind} stack R{regno} off={min} size={size}\n"
                : $"invalid variable-offset{kind} stack R{regno} var_off={bounds.Tnum} off={off} size={size}\n");
            return error;
        }

        frame.GrowStack((int)-min);
        SubprogInfo subprog = w.Env.Subprogs[frame.SubprogNo];
        subprog.StackDepth = Math.Max(subprog.StackDepth, frame.StackSlots * StackSlot.Size);
        return 0;
    }

    /// <summary>Bits that the value needs (get_reg_width).</summary>
    public static int Width(in RegState reg) => 64 - BitOperations.LeadingZeroCount(reg.Bounds.UMax);

    /// <summary>Gives a scalar an id before it is copied, so that copies learn from each other (assign_scalar_id_before_mov).</summary>
    public static void AssignId(Walker w, ref RegState reg)
    {
        if (reg.Type != RegType.Scalar)
            return;
        if ((reg.Id & RegState.AddConst) != 0)
        {
            reg.Id = 0;
            reg.Off = 0;
        }

        if (reg.Id == 0 && !reg.Bounds.IsConst)
            reg.Id = w.NextId();
    }

    /// <summary>
    /// Stack that fastcall spills use must be used by nothing else; if it is, the function's patterns are no longer rewritten
    /// (check_fastcall_stack_contract).
    /// </summary>
    public static void CheckFastcall(Walker w, FuncState frame, int insnIdx, int off)
    {
        SubprogInfo subprog = w.Env.Subprogs[frame.SubprogNo];
        if (subprog.FastcallStackOff <= off || w.Env.Aux[insnIdx].Has(InsnAuxFlags.FastcallPattern))
            return;
        subprog.FastcallStackOff = short.MinValue;
        for (int i = subprog.Start; i < w.Env.SubprogEnd(frame.SubprogNo); i++)
        {
            w.Env.Aux[i].FastcallSpills = 0;
            w.Env.Aux[i].Flags &= ~InsnAuxFlags.FastcallPattern;
        }
    }
}
