using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Kernel.Verifier.Report;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Tests.Kernel.Structure;
using Xunit;

namespace WebBpf.Tests.Kernel.Report;

/// <summary>Lines of the log and verdicts made of them.</summary>
public sealed class LogLinesTests
{
    [Theory]
    [InlineData(BpfFuncId.GetPrandomU32, "0: (85) call bpf_get_prandom_u32#7    ; R0=scalar()\n")]
    [InlineData(BpfFuncId.GetSmpProcessorId, "0: (85) call bpf_get_smp_processor_id#8       ; R0=scalar()\n")]
    public void The_state_stands_behind_the_instruction_at_a_column(BpfFuncId id, string line)
    {
        VerifierEnv env = Case.Env(Case.Call(id), Case.Exit);
        (VerifierState state, Scratch scratch) = Start();
        var text = new InsnText(env, scratch);
        text.Insn(0, state);
        state.Frame.Regs[0].SetUnknown();
        scratch.MarkReg(0);
        text.Insn(1, state);
        Assert.Equal(line + "1: (95) exit\n", env.Log.ToString());
    }

    [Fact]
    public void The_state_gets_a_line_of_its_own_where_something_was_written_in_between()
    {
        VerifierEnv env = Case.Env(Case.Mov(0, 1), Case.Exit);
        (VerifierState state, Scratch scratch) = Start();
        var text = new InsnText(env, scratch);
        text.Insn(0, state);
        env.Log.Write("mark_precise: frame0\n");
        state.Frame.Regs[0].SetConst(1);
        scratch.MarkReg(0);
        text.Changes(1, state, state.Frame);
        Assert.Equal("0: (b7) r0 = 1\nmark_precise: frame0\n1: R0=1\n", env.Log.ToString());
    }

    [Fact]
    public void A_verdict_names_the_register_and_who_set_it()
    {
        VerifierEnv env = Case.Env(Case.Mov(6, 0), Case.Call(BpfFuncId.MapLookupElem), new Insn(Op.Ldx | Op.Mem | Op.DW, 0, 0, 0, 0), Case.Exit);
        (VerifierState state, _) = Start();
        state.Frame.Regs[0].SetKnown(0);
        state.Frame.Regs[0].Type = RegType.PtrToMapValueOrNull;
        env.Log.Write("R0 invalid mem access 'map_value_or_null'\n");
        Verdict verdict = VerdictBuilder.Build(env, -Errno.EACCES, state, 2);
        Assert.Equal("null_dereference", verdict.Category);
        Assert.Equal("R0 invalid mem access 'map_value_or_null'", verdict.Message);
        Assert.Equal(2, verdict.Instruction);
        Assert.NotNull(verdict.Hint);
        Assert.Equal("map_value_or_null()", verdict.Registers!["R0"]);
        Assert.Contains(verdict.Cause, c => c.Contains("1: (85) call bpf_map_lookup_elem#1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_structural_rejection_takes_its_instruction_from_the_message()
    {
        VerifierEnv env = Case.Env(Case.Ja(5), Case.Exit);
        env.Log.Write("jump out of range from insn 0 to 6\n");
        Verdict verdict = VerdictBuilder.Build(env, -Errno.EINVAL);
        Assert.Equal("invalid_jump", verdict.Category);
        Assert.Equal(0, verdict.Instruction);
        Assert.False(verdict.Accepted);
    }

    [Fact]
    public void A_gap_is_never_a_rejection()
    {
        VerifierEnv env = Case.Env(Case.Exit);
        Assert.Equal(-Errno.EOPNOTSUPP, env.Gap("helper bpf_timer_init"));
        Verdict verdict = VerdictBuilder.Build(env, -Errno.EOPNOTSUPP);
        Assert.Equal("helper bpf_timer_init", verdict.NotImplemented);
        Assert.Equal("not_implemented", verdict.Category);
    }

    [Fact]
    public void A_verdict_has_its_message_without_a_log()
    {
        var log = new VerifierLog(0);
        log.Write("R1 !read_ok\n");
        Assert.Equal("R1 !read_ok\n", log.LastMessage);
        Assert.Equal("", log.ToString());
    }

    private static (VerifierState State, Scratch Scratch) Start()
    {
        var frame = new FuncState();
        frame.Init(-1, 0, 0);
        var state = new VerifierState { FirstInsnIdx = 0, LastInsnIdx = -1 };
        state.Frames[0] = frame;
        return (state, new Scratch());
    }
}
