using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>
/// Helpers that call back: each time the call is met, one more round of the callback is put on the stack of branches, and the path goes on as if
/// there were no further round. As push_callback_call, set_loop_callback_state and set_map_elem_callback_state (6.18).
/// </summary>
internal static class Callbacks
{
    /// <summary>bpf_for_each_map_elem(map, callback, context, flags): callback(map, key, value, context).</summary>
    public static int PushForEach(Walker w, CallMeta meta, int insnIdx)
    {
        FuncState caller = w.Frame;
        int error = Push(w, meta.Subprog, insnIdx, out FuncState? callee);
        if (error != 0)
            return error;
        BpfMap map = meta.Map!;
        if (MapRegistry.Traits(map.Type) is not { ForEach: true })
        {
            w.Log.Write("callback function not allowed for map\n");
            return -Errno.ENOTSUPP;
        }

        callee!.Regs[Op.R1] = caller.Regs[Op.R1];
        Registers.SetKnownZero(ref callee.Regs[Op.R2], RegType.PtrToMapKey);
        callee.Regs[Op.R2].Map = map;
        Registers.SetKnownZero(ref callee.Regs[Op.R3], RegType.PtrToMapValue);
        callee.Regs[Op.R3].Map = map;
        callee.Regs[Op.R4] = caller.Regs[Op.R3];
        return 0;
    }

    /// <summary>bpf_loop(count, callback, context, flags): callback(index, context). No further round once count rounds were walked.</summary>
    public static int PushLoop(Walker w, CallMeta meta, int insnIdx)
    {
        NoteInlining(w, meta.Subprog, insnIdx);
        // Whether there is another round depends on it.
        int error = w.Precision.Mark(Op.R1);
        if (error != 0)
            return error;
        FuncState caller = w.Frame;
        if ((ulong)caller.CallbackDepth >= caller.Regs[Op.R1].Bounds.UMax)
        {
            caller.CallbackDepth = 0;
            if (w.Logs2)
                w.Log.Write($"frame{w.Current.CurFrame} bpf_loop iteration limit reached\n");
            return 0;
        }

        error = Push(w, meta.Subprog, insnIdx, out FuncState? callee);
        if (error != 0)
            return error;
        callee!.Regs[Op.R1].Type = RegType.Scalar;
        callee.Regs[Op.R2] = caller.Regs[Op.R3];
        return 0;
    }

    /// <summary>What a callback gives back must be in its range; R0 is precise from here on.</summary>
    public static int CheckResult(Walker w, FuncState callee)
    {
        if (callee.Regs[Op.R0].Type != RegType.Scalar)
        {
            w.Log.Write("R0 not a scalar value\n");
            return -Errno.EACCES;
        }

        int error = w.Precision.Mark(Op.R0);
        if (error != 0)
            return error;
        ref RegState r0 = ref callee.Regs[Op.R0];
        ReturnRange range = callee.CallbackReturn;
        if (range.Min <= r0.Bounds.SMin && r0.Bounds.SMax <= range.Max)
            return 0;
        ReturnCodes.WriteOutside(w, r0, range.Min, range.Max, "At callback return");
        return -Errno.EINVAL;
    }

    private static int Push(Walker w, int subprog, int insnIdx, out FuncState? callee)
    {
        callee = null;
        int error = SubprogArgs.CheckCall(w, subprog);
        if (error == -Errno.EFAULT || w.Env.NotImplemented is not null)
            return error;
        w.Env.Subprogs[subprog].IsCallback = true;
        FuncState caller = w.Frame;
        VerifierState? state = w.Push(w.Env.Subprogs[subprog].Start, insnIdx);
        if (state is null)
            return -Errno.EFAULT;
        error = SubprogCalls.Enter(w, state, subprog, insnIdx);
        if (error != 0)
            return error;
        callee = state.Frame;
        callee.InCallback = true;
        callee.CallbackReturn = new ReturnRange(0, 1);
        state.CallbackUnrollDepth++;
        state.Frames[state.CurFrame - 1]!.CallbackDepth++;
        caller.CallbackDepth = 0;
        return 0;
    }

    // update_loop_inline_state: a loop with constant flags 0 and one callback can be written out.
    private static void NoteInlining(Walker w, int subprog, int insnIdx)
    {
        ref InsnAux aux = ref w.Env.Aux[insnIdx];
        if (!aux.Has(InsnAuxFlags.LoopSeen))
        {
            bool fits = FlagsAreZero(w);
            aux.Flags |= InsnAuxFlags.LoopSeen | (fits ? InsnAuxFlags.LoopInline : 0);
            aux.MapOffset = (uint)subprog;
        }
        else if (aux.Has(InsnAuxFlags.LoopInline) && !(FlagsAreZero(w) && aux.MapOffset == (uint)subprog))
        {
            aux.Flags &= ~InsnAuxFlags.LoopInline;
        }
    }

    private static bool FlagsAreZero(Walker w)
    {
        if (!w.Regs[Op.R4].IsNull)
            return false;
        w.Precision.Mark(Op.R4);
        return true;
    }
}
