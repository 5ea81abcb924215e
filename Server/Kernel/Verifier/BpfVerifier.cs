using System.Diagnostics;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Report;
using WebBpf.Kernel.Verifier.Rewrite;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier;

/// <summary>Judges a program as Linux 6.18 does: the passes of bpf_check (kernel/bpf/verifier.c) in its order.</summary>
public static class BpfVerifier
{
    /// <summary>Never throws for any program: the answer is a program, a rejection with the kernel's errno and log, or a gap of ours.</summary>
    public static VerifierResult Verify(VerifierRequest request)
    {
        long start = Stopwatch.GetTimestamp();
        var env = new VerifierEnv(request);
        var walker = new Walker(env);
        int error = Check(env, walker);
        var stats = new VerifierStats(
            walker.InsnsProcessed,
            walker.Seen.MaxStatesPerInsn,
            walker.Seen.TotalStates,
            walker.Seen.PeakStates,
            0,
            (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds);

        VerifiedProgram? program = null;
        if (error == 0)
            error = Rewrite(env, out program);
        if (error != -Errno.EAGAIN)
            StatsText.Write(env, stats);
        Verdict verdict = VerdictBuilder.Build(env, error, walker.Walked ? walker.Current : null, walker.Walked ? walker.InsnIdx : -1);
        if (program is null)
        {
            foreach (BpfMap map in env.UsedMaps)
                map.Put();
        }

        request.Observer?.OnVerdict(verdict);
        if (env.NotImplemented is { } gap)
            request.Observer?.OnNotImplemented(gap);
        return new VerifierResult(error, verdict, stats, program);
    }

    /// <summary>Everything up to the verdict.</summary>
    private static int Check(VerifierEnv env, Walker walker)
    {
        // Each pass stops the load with its errno.
        int error = Subprograms.Discover(env);
        if (error == 0)
            error = Subprograms.Check(env);
        // Functions get their types before anything refers to them.
        if (error == 0)
            error = DebugInfo.Early(env);
        if (error == 0)
            error = DebugInfo.Run(env);
        // Opcodes are known from here on, and immediates hold addresses.
        if (error == 0)
            error = PseudoLoads.Run(env);
        if (error == 0)
            error = ControlFlow.Run(env);
        // Loops and live registers are found in postorder.
        if (error == 0)
            error = Postorder.Run(env);
        if (error == 0)
            error = AttachTarget.Run(env);
        if (error == 0)
            error = Components.Run(env);
        if (error == 0)
            error = LiveRegisters.Run(env);
        if (error == 0)
            error = FastcallPatterns.Run(env);
        if (error == 0)
            error = Walk(env, walker);
        // Depth is known once all paths have touched their stack.
        if (error == 0)
            error = FastcallSpills.Run(env);
        if (error == 0)
            error = StackDepth.Check(env);
        return error;
    }

    /// <summary>The main program, then each global function that it calls, on its own.</summary>
    private static int Walk(VerifierEnv env, Walker walker)
    {
        walker.Walked = true;
        var loop = new MainLoop(walker);
        int error = loop.Run(0);
        bool again = error == 0;
        while (again)
        {
            again = false;
            for (int i = 1; i < env.Subprogs.Count && error == 0; i++)
            {
                SubprogInfo subprog = env.Subprogs[i];
                if (!subprog.IsGlobal || !subprog.Called || subprog.Verified)
                    continue;
                error = loop.Run(i);
                subprog.Verified = again = true;
                if (error == 0 && env.Log.Enabled)
                    env.Log.Write($"Func#{i} ('{Calls.SubprogArgs.Name(env, i)}') is safe for any args that match its prototype\n");
            }

            again &= error == 0;
        }

        return error;
    }

    private static int Rewrite(VerifierEnv env, out VerifiedProgram? program)
    {
        program = null;
        int error = DeadCode.Run(env);
        if (error == 0)
            error = ContextAccess.Run(env);
        if (error == 0)
            program = ProgramBuilder.Build(env);
        return error;
    }
}
