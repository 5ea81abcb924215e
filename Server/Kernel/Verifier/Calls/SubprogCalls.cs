using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>
/// Calls between subprograms and their ends: a static function is walked in a frame of its own, a global one only has to be passed what its
/// BTF asks for. As check_func_call and prepare_func_exit in kernel/bpf/verifier.c (6.18).
/// </summary>
internal static class SubprogCalls
{
    /// <summary>A call; moves <see cref="Walker.InsnIdx"/> to the instruction that is judged next.</summary>
    public static int Check(Walker w, Insn insn)
    {
        int subprog = w.Env.FindSubprog(w.InsnIdx + insn.Imm + 1);
        SubprogInfo info = w.Env.Subprogs[subprog];
        FuncState caller = w.Frame;
        int error = SubprogArgs.CheckCall(w, subprog);
        if (error == -Errno.EFAULT || (error != 0 && w.Env.NotImplemented is not null))
            return error;
        if (info.IsGlobal)
            return CheckGlobal(w, subprog, error);

        error = Enter(w, w.Current, subprog, w.InsnIdx);
        if (error != 0)
            return error;
        for (int i = Op.R1; i <= Op.R5; i++)
            w.Frame.Regs[i] = caller.Regs[i];
        Registers.ClearCallerSaved(w, caller);
        w.InsnIdx = info.Start;
        w.Liveness.ResetCallChain();
        if (w.Logs)
        {
            w.Log.Write("caller:\n");
            w.PrintState(w.Current, caller, printAll: true);
            w.Log.Write("callee:\n");
            w.PrintState(w.Current, w.Frame, printAll: true);
        }

        return 0;
    }

    /// <summary>
    /// The exit of a frame other than the outermost: its result goes to the caller, who goes on behind the call (or, for a callback, at the
    /// call again). Moves <see cref="Walker.InsnIdx"/>.
    /// </summary>
    public static int Exit(Walker w)
    {
        VerifierState state = w.Current;
        w.Liveness.Update();
        FuncState callee = w.Frame;
        FuncState caller = state.Frames[state.CurFrame - 1]!;
        ref RegState r0 = ref callee.Regs[Op.R0];
        if (r0.Type == RegType.PtrToStack)
        {
            w.Log.Write("cannot return stack pointer to the caller\n");
            return -Errno.EINVAL;
        }

        if (callee.InCallback)
        {
            int error = Callbacks.CheckResult(w, callee);
            if (error != 0)
                return error;
        }
        else
        {
            caller.Regs[Op.R0] = r0;
        }

        bool callback = callee.InCallback;
        int next = callback ? callee.CallSite : callee.CallSite + 1;
        if (w.Logs)
        {
            w.Log.Write("returning from callee:\n");
            w.PrintState(state, callee, printAll: true);
            w.Log.Write($"to caller at {next}:\n");
            w.PrintState(state, caller, printAll: true);
        }

        w.Pool.Drop(state, state.CurFrame);
        state.CurFrame--;
        w.InsnIdx = next;
        if (callback && w.Seen.PreviousEntry(state, next) is { } previous)
            w.Seen.Widen(previous, state);
        return 0;
    }

    /// <summary>Adds a frame for a function to a state; the caller fills its arguments (setup_func_entry).</summary>
    public static int Enter(Walker w, VerifierState state, int subprog, int callSite)
    {
        int frame = state.CurFrame + 1;
        if (frame >= VerifierState.MaxFrames)
        {
            w.Log.Write($"the call stack of {frame + 1} frames is too deep\n");
            return -Errno.E2BIG;
        }

        FuncState callee = w.Pool.NewFrame();
        callee.Init(callSite, frame, subprog);
        state.Frames[frame] = callee;
        state.CurFrame = frame;
        w.Scratch.MarkAll();
        return 0;
    }

    private static int CheckGlobal(Walker w, int subprog, int error)
    {
        SubprogInfo info = w.Env.Subprogs[subprog];
        string name = SubprogArgs.Name(w.Env, subprog);
        if (info.MightSleep && !w.Current.InSleepable)
        {
            w.Log.Write(
                "global functions that may sleep are not allowed in non-sleepable context,\n" +
                "i.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context\n");
            return -Errno.EINVAL;
        }

        if (error != 0)
        {
            w.Log.Write($"Caller passes invalid args into func#{subprog} ('{name}')\n");
            return error;
        }

        if (w.Logs)
            w.Log.Write($"Func#{subprog} ('{name}') is global and assumed valid.\n");
        if (info.ChangesPacketData)
            Registers.ClearPacketPointers(w);
        info.Called = true;
        Registers.ClearCallerSaved(w, w.Frame);
        ref RegState r0 = ref w.Regs[Op.R0];
        w.MarkUnknown(ref r0);
        r0.SubregDef = 0;
        w.InsnIdx++;
        return 0;
    }
}
