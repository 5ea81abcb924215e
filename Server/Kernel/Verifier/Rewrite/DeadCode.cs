using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Rewrite;

/// <summary>
/// What the walk never reached goes: jumps that always go one way become plain ones, dead instructions are removed, then jumps to the next
/// instruction. Unprivileged programs keep their length; their dead code becomes a trap. As opt_hard_wire_dead_code_branches,
/// opt_remove_dead_code, opt_remove_nops and sanitize_dead_code in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class DeadCode
{
    private static readonly Insn Nop = Goto(0);
    private static readonly Insn MayGotoNext = new(Op.Jmp | Op.Jcond, 0, 0, 0, 0);

    /// <summary>All steps in order; an error as <see cref="InsnPatcher.Apply"/> gives it.</summary>
    public static int Run(VerifierEnv env)
    {
        MarkSecondSlots(env);
        // bpf_capable decides whether the program may change its length.
        if (!env.Request.Program.BpfCapable)
        {
            Trap(env);
            return 0;
        }

        HardWire(env);
        int error = Remove(env);
        return error != 0 ? error : RemoveNops(env);
    }

    /// <summary>A jump with one live side becomes a plain jump to that side.</summary>
    private static void HardWire(VerifierEnv env)
    {
        for (int i = 0; i < env.Insns.Length; i++)
        {
            Insn insn = env.Insns[i];
            if (!IsConditional(insn))
                continue;
            if (!IsLive(env, i + 1))
                env.Insns[i] = Goto(insn.Off);
            else if (!IsLive(env, i + 1 + insn.Off))
                env.Insns[i] = Nop;
        }
    }

    private static int Remove(VerifierEnv env)
    {
        var patcher = new InsnPatcher(env);
        for (int i = 0; i < env.Insns.Length; i++)
        {
            if (!IsLive(env, i))
                patcher.Remove(i, 1);
        }

        return patcher.Apply();
    }

    private static int RemoveNops(VerifierEnv env)
    {
        var patcher = new InsnPatcher(env);
        var gone = new bool[env.Insns.Length];
        for (int i = 0; i < env.Insns.Length; i++)
        {
            if (env.Insns[i] != Nop && env.Insns[i] != MayGotoNext)
                continue;
            Drop(i);
            // A may_goto over a removed may_goto goes nowhere as well.
            for (int k = i; env.Insns[k].IsMayGoto() && (k = Before(k)) >= 0 && SkipsOnlyGone(k);)
                Drop(k);
        }

        return patcher.Apply();

        void Drop(int i)
        {
            gone[i] = true;
            patcher.Remove(i, 1);
        }

        int Before(int i)
        {
            do
                i--;
            while (i >= 0 && gone[i]);
            return i;
        }

        bool SkipsOnlyGone(int i)
        {
            Insn insn = env.Insns[i];
            if (insn with { Off = 0 } != Nop && insn with { Off = 0 } != MayGotoNext)
                return false;
            for (int k = i + 1; k <= i + insn.Off; k++)
            {
                if (!gone[k])
                    return false;
            }

            return insn.Off >= 0;
        }
    }

    /// <summary>Dead instructions jump to themselves: nobody comes here, and who does stays.</summary>
    private static void Trap(VerifierEnv env)
    {
        for (int i = 0; i < env.Insns.Length; i++)
        {
            if (!IsLive(env, i))
                env.Insns[i] = Goto(-1);
        }
    }

    private static void MarkSecondSlots(VerifierEnv env)
    {
        for (int i = 0; i + 1 < env.Insns.Length; i++)
        {
            if (env.Insns[i].IsLdImm64)
            {
                env.Aux[i + 1].Seen = env.Aux[i].Seen;
                i++;
            }
        }
    }

    private static bool IsLive(VerifierEnv env, int i) => env.Aux[i].Seen != 0;

    private static bool IsConditional(in Insn insn) => insn.IsConditionalJump() || insn.IsMayGoto();

    private static Insn Goto(int off) => new(Op.Jmp | Op.Ja, 0, 0, off, 0);
}
