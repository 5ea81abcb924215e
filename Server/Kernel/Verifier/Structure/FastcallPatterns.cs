using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>
/// Finds calls around which the compiler spills and fills registers that the call, once inlined, does not touch:
/// <code>
/// *(u64 *)(r10 - 16) = r2      from the lowest slot of the function upwards,
/// *(u64 *)(r10 - 8) = r1       mirrored around the call
/// call helper
/// r1 = *(u64 *)(r10 - 8)
/// r2 = *(u64 *)(r10 - 16)
/// </code>
/// As mark_fastcall_patterns in kernel/bpf/verifier.c (6.18). The walk cancels the marks where other code touches those slots.
/// </summary>
public static class FastcallPatterns
{
    private const int CallerSaved = 0x3f;
    private const int Store = Op.Stx | Op.Mem | Op.DW;
    private const int Load = Op.Ldx | Op.Mem | Op.DW;

    public static int Run(VerifierEnv env)
    {
        for (int s = 0; s < env.Subprogs.Count; s++)
        {
            SubprogInfo subprog = env.Subprogs[s];
            int end = env.SubprogEnd(s);
            int lowest = 0;
            for (int i = subprog.Start; i < end; i++)
            {
                if (env.Insns[i].Code == Store && env.Insns[i].Dst == Op.R10)
                    lowest = Math.Min(lowest, env.Insns[i].Off);
            }

            for (int i = subprog.Start; i < end; i++)
            {
                if (env.Insns[i].Code == (Op.Jmp | Op.Call))
                    MarkCall(env, subprog, i, lowest);
            }
        }

        return 0;
    }

    private static void MarkCall(VerifierEnv env, SubprogInfo subprog, int i, int lowest)
    {
        if (CallSummary.Of(env, env.Insns[i]) is not CallSummary call)
            return;
        int touched = ((1 << (call.Parameters + 1)) - 1) & (call.IsVoid ? ~1 : ~0);
        int expected = ~touched & CallerSaved;
        int pairs = 0, slot = lowest;
        for (; pairs < 6; pairs++, slot += 8)
        {
            int before = i - pairs - 1, after = i + pairs + 1;
            if (before < 0 || after >= env.Insns.Length)
                break;
            Insn store = env.Insns[before], load = env.Insns[after];
            if (store.Code != Store || load.Code != Load || store.Dst != Op.R10 || load.Src != Op.R10
                || store.Src != load.Dst || (expected & (1 << store.Src)) == 0 || store.Off != slot || load.Off != slot)
                break;
            expected &= ~(1 << store.Src);
            env.Aux[before].Flags |= InsnAuxFlags.FastcallPattern;
            env.Aux[after].Flags |= InsnAuxFlags.FastcallPattern;
        }

        if (pairs == 0)
            return;
        // A call that is not inlined here keeps its spills, and its slots the pattern marks.
        if (call.Fastcall)
            env.Aux[i].FastcallSpills = (byte)pairs;
        else
            subprog.KeepFastcallStack = true;
        subprog.FastcallStackOff = Math.Min(subprog.FastcallStackOff, slot);
    }
}
