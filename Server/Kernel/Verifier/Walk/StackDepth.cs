using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>
/// The stack of each chain of calls, as check_max_stack_depth in kernel/bpf/verifier.c (6.18) for a kernel that compiles: at most 512 bytes together,
/// except that probes and kin get a private stack for functions of 64 bytes and more.
/// </summary>
internal static class StackDepth
{
    private const int MaxStack = 512;
    private const int TailCallStack = 256;
    private const int PrivateStackMin = 64;

    public static int Check(VerifierEnv env) => Check(env, out _);

    /// <param name="deepest">Bytes of the deepest chain.</param>
    public static int Check(VerifierEnv env, out int deepest)
    {
        bool privateStacks = !env.Subprogs.Any(s => s.HasTailCall)
            && env.Request.Program.Type.Type is BpfProgType.Kprobe or BpfProgType.Tracepoint or BpfProgType.PerfEvent or BpfProgType.RawTracepoint;
        deepest = 0;
        var modes = new Mode[env.Subprogs.Count];
        for (int i = env.Subprogs.Count - 1; i >= 0; i--)
        {
            if (i != 0 && !env.Subprogs[i].IsAsyncCallback)
                continue;
            int error = Walk(env, i, i == 0 && privateStacks, modes, ref deepest);
            if (error != 0)
                return error;
        }

        return 0;
    }

    private static int Walk(VerifierEnv env, int root, bool privateStacks, Mode[] modes, ref int deepest)
    {
        Span<(int Insn, int Subprog)> calls = stackalloc (int, int)[VerifierState.MaxFrames];
        int depth = 0, total = 0, frame = 0, at = env.Subprogs[root].Start, current = root;
        bool tailCall = false, entering = true;
        while (true)
        {
            if (entering)
            {
                if (!privateStacks)
                    modes[current] = Mode.Shared;
                int error = Enter(env, current, frame, privateStacks, modes, ref depth);
                if (error != 0)
                    return error;
                total += Rounded(env, current);
                deepest = Math.Max(deepest, total);
                entering = false;
            }

            int callee = NextCall(env, ref at, env.SubprogEnd(current));
            if (callee >= 0)
            {
                calls[frame++] = (at + 1, current);
                if (frame >= VerifierState.MaxFrames)
                {
                    env.Log.Write($"the call stack of {frame} frames is too deep !\n");
                    return -Errno.E2BIG;
                }

                at = env.Subprogs[callee].Start;
                current = callee;
                tailCall |= env.Subprogs[callee].HasTailCall;
                entering = true;
                continue;
            }

            if (tailCall)
            {
                for (int i = 0; i < frame; i++)
                    env.Subprogs[calls[i].Subprog].TailCallReachable = true;
            }

            if (frame == 0)
                return 0;
            if (modes[current] != Mode.Private)
                depth -= Rounded(env, current);
            total -= Rounded(env, current);
            (at, current) = calls[--frame];
        }
    }

    private static int Enter(VerifierEnv env, int subprog, int frame, bool privateStacks, Mode[] modes, ref int depth)
    {
        if (subprog != 0 && env.Subprogs[subprog].HasTailCall && depth >= TailCallStack)
        {
            env.Log.Write($"tail_calls are not allowed when call stack of previous frames is {depth} bytes. Too large\n");
            return -Errno.EACCES;
        }

        int size = Rounded(env, subprog);
        if (privateStacks && modes[subprog] == Mode.Unknown && size >= PrivateStackMin)
            modes[subprog] = Mode.Private;
        if (modes[subprog] == Mode.Private)
        {
            if (size <= MaxStack)
                return 0;
            env.Log.Write($"stack size of subprog {subprog} is {size}. Too large\n");
            return -Errno.EACCES;
        }

        depth += size;
        if (depth <= MaxStack)
            return 0;
        env.Log.Write($"combined stack size of {frame + 1} calls is {depth}. Too large\n");
        return -Errno.EACCES;
    }

    // The function called (or whose address is taken) at or behind an instruction, which moves to that place; -1 at the end.
    private static int NextCall(VerifierEnv env, ref int at, int end)
    {
        for (; at < end; at++)
        {
            Insn insn = env.Insns[at];
            if (!insn.IsPseudoCall() && !insn.IsPseudoFunc())
                continue;
            int callee = env.FindSubprog((int)insn.SubprogTarget(at));
            if (env.Subprogs[callee].IsAsyncCallback && !insn.IsPseudoCall())
                continue;
            return callee;
        }

        return -1;
    }

    private static int Rounded(VerifierEnv env, int subprog) => (env.Subprogs[subprog].StackDepth + 15) & ~15;

    private enum Mode : byte
    {
        Unknown,
        Shared,
        Private,
    }
}
