using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Finds where functions start (the entry, targets of calls between subprograms, callbacks) and checks that no jump leaves its
/// function and no function runs into the next. As add_subprog_and_kfunc and check_subprogs in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class Subprograms
{
    private const int MaxSubprograms = 256;
    private const int TailCall = (int)BpfFuncId.TailCall;

    /// <summary>Fills <see cref="VerifierEnv.Subprogs"/>. E2BIG for more than 256.</summary>
    public static int Discover(VerifierEnv env)
    {
        int error = Add(env, 0);
        for (int i = 0; i < env.Insns.Length && error == 0; i++)
        {
            Insn insn = env.Insns[i];
            bool call = insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoCall;
            bool callback = insn.IsLdImm64 && insn.Src == Op.PseudoFunc;
            bool kfunc = insn.Code == (Op.Jmp | Op.Call) && insn.Src == Op.PseudoKfuncCall;
            if (!call && !callback && !kfunc)
                continue;
            if (!env.Request.Program.BpfCapable)
            {
                env.Log.Write("loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN\n");
                return -Errno.EPERM;
            }

            error = kfunc ? KernelFunction(env, insn) : Add(env, (long)i + insn.Imm + 1);
        }

        if (error != 0)
            return error;
        if (env.Log.Has(VerifierLog.Level2))
        {
            for (int i = 0; i < env.Subprogs.Count; i++)
                env.Log.Write($"func#{i} @{env.Subprogs[i].Start}\n");
        }

        return 0;
    }

    /// <summary>Jumps stay inside, and the last instruction of each function leads nowhere else.</summary>
    public static int Check(VerifierEnv env)
    {
        for (int s = 0; s < env.Subprogs.Count; s++)
        {
            SubprogInfo subprog = env.Subprogs[s];
            int end = env.SubprogEnd(s);
            for (int i = subprog.Start; i < end; i++)
            {
                Insn insn = env.Insns[i];
                if (insn.Code == (Op.Jmp | Op.Call) && insn.Src == 0 && insn.Imm == TailCall)
                {
                    subprog.HasTailCall = true;
                    subprog.TailCallReachable = true;
                }

                if (insn.Class == Op.Ld && Op.Mode(insn.Code) is Op.Abs or Op.Ind)
                    subprog.HasLdAbs = true;
                if (insn.Class is not (Op.Jmp or Op.Jmp32) || Op.Code(insn.Code) is Op.Call or Op.Exit)
                    continue;
                long target = (long)i + Flow.JumpOffset(insn) + 1;
                if (target < subprog.Start || target >= end)
                {
                    env.Log.Write($"jump out of range from insn {i} to {unchecked((int)target)}\n");
                    return -Errno.EINVAL;
                }
            }

            if (env.Insns[end - 1].Code is not (Op.Jmp | Op.Exit or Op.Jmp32 | Op.Ja or Op.Jmp | Op.Ja))
            {
                env.Log.Write("last insn is not an exit or jmp\n");
                return -Errno.EINVAL;
            }
        }

        return 0;
    }

    private static int Add(VerifierEnv env, long start)
    {
        if (start < 0 || start >= env.Insns.Length)
        {
            env.Log.Write("call to invalid destination\n");
            return -Errno.EINVAL;
        }

        int at = env.Subprogs.Count;
        while (at > 0 && env.Subprogs[at - 1].Start >= start)
            at--;
        if (at < env.Subprogs.Count && env.Subprogs[at].Start == start)
            return 0;
        if (env.Subprogs.Count >= MaxSubprograms)
        {
            env.Log.Write("too many subprograms\n");
            return -Errno.E2BIG;
        }

        env.Subprogs.Insert(at, new SubprogInfo { Start = (int)start });
        return 0;
    }

    private static int KernelFunction(VerifierEnv env, Insn insn)
    {
        if (!env.Request.Program.GplCompatible)
        {
            env.Log.Write("cannot call kernel function from non-GPL compatible program\n");
            return -Errno.EINVAL;
        }

        // An id of 0 is left to the walk: the call may be dead code.
        return insn is { Imm: 0, Off: 0 } ? 0 : env.Gap("calls of kernel functions (kfuncs)");
    }
}
