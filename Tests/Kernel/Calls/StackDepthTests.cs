using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Kernel.Verifier.Walk;
using WebBpf.Tests.Kernel.Structure;
using Xunit;

namespace WebBpf.Tests.Kernel.Calls;

/// <summary>Stack of call chains; messages and limits are the kernel's.</summary>
public sealed class StackDepthTests
{
    [Fact]
    public void Two_frames_of_400_bytes_are_too_large_together()
    {
        VerifierEnv env = Calls(400, 400);
        Assert.Equal(-Errno.EACCES, StackDepth.Check(env));
        Assert.EndsWith("combined stack size of 2 calls is 800. Too large\n", env.Log.ToString());
    }

    [Fact]
    public void Each_frame_counts_in_steps_of_16_bytes()
    {
        VerifierEnv env = Calls(248, 248);
        Assert.Equal(0, StackDepth.Check(env, out int deepest));
        Assert.Equal(512, deepest);
        Assert.Equal(-Errno.EACCES, StackDepth.Check(Calls(256, 264)));
    }

    [Fact]
    public void Probes_have_a_private_stack_for_each_function()
    {
        VerifierEnv env = Calls(new ProgramFacts { Type = new Probe() }, 400, 400);
        Assert.Equal(0, StackDepth.Check(env, out int deepest));
        Assert.Equal(800, deepest);
    }

    [Fact]
    public void Callers_of_a_function_with_tail_calls_may_use_256_bytes()
    {
        VerifierEnv env = Calls(256, 16);
        env.Subprogs[1].HasTailCall = true;
        Assert.Equal(-Errno.EACCES, StackDepth.Check(env));
        Assert.EndsWith("tail_calls are not allowed when call stack of previous frames is 256 bytes. Too large\n", env.Log.ToString());
        env = Calls(240, 16);
        env.Subprogs[1].HasTailCall = true;
        Assert.Equal(0, StackDepth.Check(env));
        Assert.True(env.Subprogs[0].TailCallReachable);
    }

    [Fact]
    public void Recursion_ends_at_eight_frames()
    {
        VerifierEnv env = Case.Env(Case.CallSubprog(1), Case.Exit, Case.CallSubprog(-1), Case.Exit);
        Assert.Equal(0, Subprograms.Discover(env));
        Assert.Equal(-Errno.E2BIG, StackDepth.Check(env));
        Assert.EndsWith("the call stack of 8 frames is too deep !\n", env.Log.ToString());
    }

    private static VerifierEnv Calls(int main, int callee) => Calls(new ProgramFacts { Type = new Case.PlainType() }, main, callee);

    private static VerifierEnv Calls(ProgramFacts program, int main, int callee)
    {
        VerifierEnv env = Case.Env(program, Case.CallSubprog(1), Case.Exit, Case.Mov(Op.R0, 0), Case.Exit);
        Assert.Equal(0, Subprograms.Discover(env));
        env.Subprogs[0].StackDepth = main;
        env.Subprogs[1].StackDepth = callee;
        return env;
    }

    private sealed class Probe : Case.PlainType
    {
        public override BpfProgType Type => BpfProgType.Kprobe;
    }
}
