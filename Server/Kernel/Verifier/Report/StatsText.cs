using System.Text;

namespace WebBpf.Kernel.Verifier.Report;

/// <summary>The last lines of a log, as print_verification_stats in kernel/bpf/verifier.c (6.18).</summary>
internal static class StatsText
{
    public const uint InsnLimit = 1_000_000;

    public static void Write(VerifierEnv env, in VerifierStats stats)
    {
        if (!env.Log.Enabled)
            return;
        if (env.Log.Has(VerifierLog.LevelStats))
        {
            var text = new StringBuilder();
            text.Append("verification time ").Append(stats.VerificationTimeNs / 1000).Append(" usec\nstack depth ");
            for (int i = 0; i < env.Subprogs.Count; i++)
                text.Append(i == 0 ? "" : "+").Append(env.Subprogs[i].StackDepth);
            env.Log.Write(text.Append('\n').ToString());
        }

        env.Log.Write(
            $"processed {stats.InsnsProcessed} insns (limit {InsnLimit}) max_states_per_insn {stats.MaxStatesPerInsn} " +
            $"total_states {stats.TotalStates} peak_states {stats.PeakStates} mark_read {stats.LongestMarkRead}\n");
    }
}
