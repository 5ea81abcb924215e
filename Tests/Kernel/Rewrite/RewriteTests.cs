using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Kernel.Verifier.Rewrite;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Tests.Kernel.Structure;
using Xunit;
using static WebBpf.Tests.Kernel.Structure.Case;

namespace WebBpf.Tests.Kernel.Rewrite;

public sealed class RewriteTests
{
    private static readonly Insn Nop = Ja(0);

    [Fact]
    public void Inserting_moves_jumps_calls_functions_lines_and_aux_together()
    {
        VerifierEnv env = Prepared([Jeq(1, 0, 2), CallSubprog(3), Mov(6, 6), Jeq(6, 1, -3), Exit, Mov(0, 7), .. Imm64(1, Op.PseudoFunc, -2), Exit]);
        env.LineInfos = [new(0, 0, 0, 1), new(2, 0, 0, 2), new(5, 0, 0, 3)];
        env.FuncInfos = [new(0, 1), new(5, 2)];
        var patcher = new InsnPatcher(env);
        patcher.Replace(2, [Mov(7, 1), Mov(6, 6), Mov(7, 2)], 1);
        Assert.Equal(0, patcher.Apply());
        Assert.Equal(
            [Jeq(1, 0, 4), CallSubprog(5), Mov(7, 1), Mov(6, 6), Mov(7, 2), Jeq(6, 1, -5), Exit, Mov(0, 7), .. Imm64(1, Op.PseudoFunc, -2), Exit],
            env.Insns);
        Assert.Equal([0, 7], env.Subprogs.Select(s => s.Start));
        Assert.Equal([0u, 2u, 7u], env.LineInfos.Select(l => l.InsnOff));
        Assert.Equal([0u, 7u], env.FuncInfos.Select(f => f.InsnOff));
        Assert.Equal([0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8], env.Aux.Select(a => a.OrigIdx));
        Assert.Equal([0, 2], env.Subprogs.Select(s => s.LineInfoIdx));
    }

    [Fact]
    public void A_prologue_is_skipped_by_jumps_to_the_first_instruction()
    {
        VerifierEnv env = Prepared(Mov(0, 0), Jeq(0, 1, -2), Exit);
        var patcher = new InsnPatcher(env);
        patcher.InsertBefore(0, [Mov(6, 1), Mov(7, 2)]);
        Assert.Equal(0, patcher.Apply());
        Assert.Equal([Mov(6, 1), Mov(7, 2), Mov(0, 0), Jeq(0, 1, -2), Exit], env.Insns);
        Assert.Equal(0, env.Subprogs[0].Start);
    }

    [Fact]
    public void A_jump_that_no_longer_fits_is_an_error()
    {
        var insns = new List<Insn> { Jeq(1, 0, 32767) };
        insns.AddRange(Enumerable.Repeat(Mov(0, 0), 32767));
        insns.Add(Exit);
        VerifierEnv env = Prepared([.. insns]);
        var patcher = new InsnPatcher(env);
        patcher.InsertBefore(5, [Mov(0, 1)]);
        Assert.Equal(-Errno.ERANGE, patcher.Apply());
        Assert.EndsWith("insn 0 cannot be patched due to 16-bit range\n", env.Log.ToString());
    }

    [Fact]
    public void Dead_branches_become_plain_jumps_and_then_nothing()
    {
        // The walk saw only the way where r1 is 0.
        VerifierEnv env = Prepared(Jeq(1, 0, 2), Mov(0, 1), Exit, Mov(0, 2), Exit);
        See(env, 0, 3, 4);
        Assert.Equal(0, DeadCode.Run(env));
        Assert.Equal([Mov(0, 2), Exit], env.Insns);
        Assert.Equal([3, 4], env.Aux.Select(a => a.OrigIdx));
    }

    [Fact]
    public void A_function_nobody_reached_is_removed_with_its_info()
    {
        VerifierEnv env = Prepared(Mov(1, 0), Jeq(1, 0, 1), CallSubprog(3), Mov(0, 0), Nop, Exit, Mov(0, 3), Exit);
        env.FuncInfos = [new(0, 1), new(6, 2)];
        env.LineInfos = [new(0, 0, 0, 1), new(2, 0, 0, 2), new(6, 0, 0, 3)];
        See(env, 0, 1, 3, 4, 5);
        Assert.Equal(0, DeadCode.Run(env));
        Assert.Equal([Mov(1, 0), Mov(0, 0), Exit], env.Insns);
        Assert.Single(env.Subprogs);
        Assert.Equal([new FuncInfo(0, 1)], env.FuncInfos);
        Assert.Equal([new LineInfo(0, 0, 0, 1), new LineInfo(1, 0, 0, 2)], env.LineInfos);
    }

    [Fact]
    public void Second_slots_of_immediates_live_as_long_as_the_first()
    {
        VerifierEnv env = Prepared([.. Imm64(0, 0, 1, 2), Exit]);
        See(env, 0, 2);
        Assert.Equal(0, DeadCode.Run(env));
        Assert.Equal(3, env.Insns.Length);
    }

    [Fact]
    public void Chains_of_may_goto_to_the_next_instruction_vanish()
    {
        static Insn MayGoto(int off) => new(Op.Jmp | Op.Jcond, 0, 0, off, 0);
        VerifierEnv env = Prepared(MayGoto(1), MayGoto(0), Mov(0, 0), Exit);
        See(env, 0, 1, 2, 3);
        Assert.Equal(0, DeadCode.Run(env));
        Assert.Equal([Mov(0, 0), Exit], env.Insns);
    }

    [Fact]
    public void Unprivileged_dead_code_becomes_a_trap()
    {
        VerifierEnv env = Env(new ProgramFacts { Type = new PlainType(), BpfCapable = false }, Jeq(1, 0, 2), Mov(0, 1), Exit, Mov(0, 2), Exit);
        See(env, 0, 3, 4);
        Assert.Equal(0, DeadCode.Run(env));
        Assert.Equal([Jeq(1, 0, 2), Ja(-1), Ja(-1), Mov(0, 2), Exit], env.Insns);
    }

    [Fact]
    public void Fastcall_spills_become_nops_and_give_back_their_stack()
    {
        VerifierEnv env = Prepared(Mov(1, 1), Spill(-8, 1), Call(BpfFuncId.GetSmpProcessorId), Fill(1, -8), Exit);
        FastcallPatterns.Run(env);
        env.Subprogs[0].StackDepth = 8;
        Assert.Equal(0, FastcallSpills.Run(env));
        Assert.Equal([Mov(1, 1), Nop, Call(BpfFuncId.GetSmpProcessorId), Nop, Exit], env.Insns);
        Assert.Equal(0, env.Subprogs[0].StackDepth);
    }

    [Theory]
    [InlineData(Op.B, 2, 16, 0xff)]
    [InlineData(Op.H, 0, 0, 0xffff)]
    public void Narrow_context_loads_are_cut_out_of_the_whole_field(int width, int off, int shift, int mask)
    {
        VerifierEnv env = Env(new ProgramFacts { Type = new Converting() }, new Insn(Op.Ldx | Op.Mem | width, 0, 1, off, 0), Exit);
        Subprograms.Discover(env);
        env.Aux[0].PtrType = (uint)RegType.PtrToCtx;
        env.Aux[0].CtxFieldSize = 4;
        Assert.Equal(0, ContextAccess.Run(env));
        var expected = new List<Insn> { new(Op.Ldx | Op.Mem | Op.W, 0, 1, 100, 0) };
        if (shift != 0)
            expected.Add(new Insn(Op.Alu | Op.Rsh, 0, 0, 0, shift));
        expected.AddRange([new Insn(Op.Alu | Op.And, 0, 0, 0, mask), Exit]);
        Assert.Equal(expected, env.Insns);
    }

    [Fact]
    public void Sign_extending_context_loads_extend_afterwards()
    {
        VerifierEnv env = Env(new ProgramFacts { Type = new Converting() }, new Insn(Op.Ldx | Op.MemSx | Op.W, 0, 1, 0, 0), Exit);
        Subprograms.Discover(env);
        env.Aux[0].PtrType = (uint)RegType.PtrToCtx;
        env.Aux[0].CtxFieldSize = 4;
        Assert.Equal(0, ContextAccess.Run(env));
        Assert.Equal(new Insn(Op.Alu64 | Op.Mov | Op.X, 0, 0, 32, 0), env.Insns[1]);
    }

    [Fact]
    public void The_built_program_keeps_what_the_walk_learned()
    {
        VerifierEnv env = Prepared([.. Imm64(2, Op.PseudoFunc, 4), Call(BpfFuncId.Loop), new Insn(Op.Stx | Op.Mem | Op.W, 6, 0, 0, 0), Exit, Mov(0, 0), Exit]);
        env.Aux[3].Flags |= InsnAuxFlags.StoresMapValue;
        env.Aux[3].MapIndex = 0;
        env.Subprogs[1].IsCallback = true;
        env.Subprogs[1].StackDepth = 12;
        VerifiedProgram program = ProgramBuilder.Build(env);
        Assert.Equal(1, program.Insns[0].Imm);
        Assert.Equal(InsnFlags.FuncLoad, program.Facts[0].Flags);
        Assert.Equal((InsnFlags.MapValueStore, (short)0), (program.Facts[3].Flags, program.Facts[3].MapIndex));
        Assert.Equal(-1, program.Facts[2].MapIndex);
        Assert.True(program.WritesMapValues);
        Assert.Equal([new Subprog(0, 5, 0), new Subprog(5, 7, 16) { IsCallback = true }], program.Subprogs);
    }

    private static VerifierEnv Prepared(params Insn[] insns)
    {
        VerifierEnv env = Env(insns);
        Assert.Equal(0, Subprograms.Discover(env));
        return env;
    }

    private static void See(VerifierEnv env, params int[] seen)
    {
        foreach (int i in seen)
            env.Aux[i].Seen = 1;
    }

    private sealed class Converting : PlainType
    {
        public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
        {
            targetSize = 4;
            output[0] = insn with { Off = (short)(insn.Off + 100), Code = (byte)(Op.Ldx | Op.Mem | Op.W) };
            return 1;
        }
    }
}
