using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Rewrite;

/// <summary>
/// Takes out the spills and fills around inlined calls that the walk left marked, and gives back their stack. Runs before the depth of the
/// stack is checked. As remove_fastcall_spills_fills in kernel/bpf/verifier.c (6.18).
/// </summary>
public static class FastcallSpills
{
    public static int Run(VerifierEnv env)
    {
        var nop = new Insn(Op.Jmp | Op.Ja, 0, 0, 0, 0);
        for (int s = 0; s < env.Subprogs.Count; s++)
        {
            bool any = false;
            for (int i = env.Subprogs[s].Start; i < env.SubprogEnd(s); i++)
            {
                int pairs = env.Aux[i].FastcallSpills;
                for (int k = 1; k <= pairs; k++)
                    env.Insns[i - k] = env.Insns[i + k] = nop;
                any |= pairs > 0;
            }

            if (any && !env.Subprogs[s].KeepFastcallStack)
                env.Subprogs[s].StackDepth = -env.Subprogs[s].FastcallStackOff;
        }

        return 0;
    }
}
