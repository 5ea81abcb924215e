using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Kernel.Verifier.Structure;
using Xunit;
using static WebBpf.Tests.Kernel.Structure.Case;

namespace WebBpf.Tests.Kernel.Structure;

/// <summary>Passes before the walk, one by one. The expected texts were read from the log of Linux 6.18.</summary>
public sealed class StructureTests
{
    // Opcodes that 6.18 knows, loads with reserved fields aside.
    private const string Known =
        "04 05 06 07 0c 0f 14 15 16 17 18 1c 1d 1e 1f 20 24 25 26 27 28 2c 2d 2e 2f 30 34 35 36 37 3c 3d 3e 3f 40 44 45 46 47 48 4c 4d 4e 4f 50 " +
        "54 55 56 57 5c 5d 5e 5f 61 62 63 64 65 66 67 69 6a 6b 6c 6d 6e 6f 71 72 73 74 75 76 77 79 7a 7b 7c 7d 7e 7f 81 84 85 87 89 91 94 95 97 9c 9f " +
        "a4 a5 a6 a7 ac ad ae af b4 b5 b6 b7 bc bd be bf c3 c4 c5 c6 c7 cb cc cd ce cf d3 d4 d5 d6 d7 db dc dd de e5";

    [Fact]
    public void The_opcodes_are_those_of_the_kernel()
    {
        IEnumerable<string> known = Enumerable.Range(0, 256).Where(c => OpcodeTable.IsKnown((byte)c)).Select(c => $"{c:x2}");
        Assert.Equal(Known, string.Join(' ', known));
    }

    [Fact]
    public void Functions_are_found_in_order_and_printed()
    {
        VerifierEnv env = Env(CallSubprog(2), CallSubprog(3), Exit, Mov(0, 1), Exit, Mov(0, 2), Exit);
        Assert.Equal(0, Subprograms.Discover(env));
        Assert.Equal(0, Subprograms.Check(env));
        Assert.Equal([0, 3, 5], env.Subprogs.Select(s => s.Start));
        Assert.Equal("func#0 @0\nfunc#1 @3\nfunc#2 @5\n", env.Log.ToString());
    }

    [Fact]
    public void A_call_beyond_the_program_is_refused()
    {
        VerifierEnv env = Env(CallSubprog(5), Exit);
        Assert.Equal(-Errno.EINVAL, Subprograms.Discover(env));
        Assert.Equal("call to invalid destination\n", env.Log.ToString());
    }

    [Fact]
    public void Calls_between_functions_need_the_capability()
    {
        VerifierEnv env = Env(new ProgramFacts { Type = ProgramTypeStub(), BpfCapable = false }, CallSubprog(1), Exit, Mov(0, 0), Exit);
        Assert.Equal(-Errno.EPERM, Subprograms.Discover(env));
    }

    [Fact]
    public void More_than_256_functions_are_too_many()
    {
        var insns = new List<Insn>();
        for (int i = 0; i < 256; i++)
            insns.Add(CallSubprog(256 - i + (2 * i)));
        insns.Add(Exit);
        for (int i = 0; i < 256; i++)
            insns.AddRange([Mov(0, 0), Exit]);
        VerifierEnv env = Env([.. insns]);
        Assert.Equal(-Errno.E2BIG, Subprograms.Discover(env));
        Assert.Equal("too many subprograms\n", env.Log.ToString());
    }

    [Theory]
    [InlineData(3, "jump out of range from insn 0 to 4\n")]
    [InlineData(-2, "jump out of range from insn 0 to -1\n")]
    public void A_jump_out_of_its_function_is_refused(int off, string text)
    {
        VerifierEnv env = Env(Jeq(1, 0, off), CallSubprog(1), Exit, Mov(0, 0), Exit);
        Assert.Equal(0, Subprograms.Discover(env));
        int mark = env.Log.Length;
        Assert.Equal(-Errno.EINVAL, Subprograms.Check(env));
        Assert.Equal(text, env.Log.ToString()[mark..]);
    }

    [Fact]
    public void A_function_must_not_run_into_the_next()
    {
        VerifierEnv env = Env(CallSubprog(1), Mov(0, 0), Mov(0, 1), Exit);
        Assert.Equal(0, Subprograms.Discover(env));
        Assert.Equal(-Errno.EINVAL, Subprograms.Check(env));
        Assert.EndsWith("last insn is not an exit or jmp\n", env.Log.ToString());
    }

    public static TheoryData<string, int, Insn[]> BadImmediates => new()
    {
        { "BPF_LDX uses reserved fields\n", -Errno.EINVAL, [new Insn(0xe1, 0, 0, 0, 0), Exit] },
        { "BPF_LDX uses reserved fields\n", -Errno.EINVAL, [new Insn(0x61, 0, 1, 0, 1), Exit] },
        { "unknown opcode ff\n", -Errno.EINVAL, [new Insn(0xff, 0, 0, 0, 0), Exit] },
        { "invalid bpf_ld_imm64 insn\n", -Errno.EINVAL, [new Insn(0x18, 0, 0, 0, 0), Exit] },
        { "unrecognized bpf_ld_imm64 insn\n", -Errno.EINVAL, [.. Imm64(1, 7, 0), Exit] },
        { "unrecognized bpf_ld_imm64 insn\n", -Errno.EINVAL, [.. Imm64(1, Op.PseudoMapFd, 3, 1), Exit] },
        { "fd_idx without fd_array is invalid\n", -Errno.EPROTO, [.. Imm64(1, Op.PseudoMapIdx, 0), Exit] },
        { "fd 77 is not pointing to valid bpf_map\n", -Errno.EBADF, [.. Imm64(1, Op.PseudoMapFd, 77), Exit] },
    };

    [Theory]
    [MemberData(nameof(BadImmediates))]
    public void Opcodes_and_immediates_are_checked(string text, int error, Insn[] insns)
    {
        VerifierEnv env = Env(insns);
        Assert.Equal(error, PseudoLoads.Run(env));
        Assert.Equal(text, env.Log.ToString());
    }

    [Fact]
    public void Kernel_variables_are_a_gap_and_no_rejection()
    {
        VerifierEnv env = Env([.. Imm64(1, Op.PseudoBtfId, 1), Exit]);
        Assert.Equal(-Errno.EOPNOTSUPP, PseudoLoads.Run(env));
        Assert.NotNull(env.NotImplemented);
    }

    [Theory]
    [InlineData(false, "unreachable insn 2\n")]
    [InlineData(true, "jump into the middle of ldimm64 insn 1\n")]
    public void Control_flow_reaches_every_instruction_once(bool middle, string text)
    {
        VerifierEnv env = middle ? Env([Jeq(1, 0, 1), .. Imm64(0, 0, 0), Mov(0, 0), Exit]) : Env(Mov(0, 0), Exit, Mov(0, 0), Exit);
        Assert.Equal(0, Subprograms.Discover(env));
        int mark = env.Log.Length;
        Assert.Equal(-Errno.EINVAL, ControlFlow.Run(env));
        Assert.Equal(text, env.Log.ToString()[mark..]);
    }

    [Fact]
    public void A_loop_needs_the_capability()
    {
        Insn[] insns = [Mov(0, 0), Jeq(1, 0, -2), Exit];
        VerifierEnv env = Env(insns);
        Subprograms.Discover(env);
        Assert.Equal(0, ControlFlow.Run(env));
        env = Env(new ProgramFacts { Type = ProgramTypeStub(), BpfCapable = false }, insns);
        Subprograms.Discover(env);
        int mark = env.Log.Length;
        Assert.Equal(-Errno.EINVAL, ControlFlow.Run(env));
        Assert.Equal("back-edge from insn 1 to 0\n", env.Log.ToString()[mark..]);
    }

    [Fact]
    public void Jumps_calls_and_their_targets_are_marked()
    {
        VerifierEnv env = Env(Jeq(1, 0, 1), Ja(0), Call(BpfFuncId.Loop), CallSubprog(1), Exit, Mov(0, 0), Exit);
        Subprograms.Discover(env);
        Assert.Equal(0, ControlFlow.Run(env));
        const InsnAuxFlags both = InsnAuxFlags.PrunePoint | InsnAuxFlags.JumpPoint;
        Assert.Equal(
            [
                InsnAuxFlags.PrunePoint, InsnAuxFlags.None, both | InsnAuxFlags.CallsCallback | InsnAuxFlags.ForceCheckpoint, both, both, both, InsnAuxFlags.None,
            ],
            env.Aux.Select(a => a.Flags));
    }

    [Fact]
    public void Postorder_lists_successors_first_and_functions_apart()
    {
        VerifierEnv env = Prepared(Jeq(1, 0, 1), Ja(1), CallSubprog(1), Exit, Mov(0, 0), Exit);
        Assert.Equal([0, 4], env.Subprogs.Select(s => s.PostorderStart));
        Assert.Equal([5, 4], env.Postorder[4..]);
        Assert.Equal([3, 2, 1, 0], env.Postorder[..4]);
    }

    [Fact]
    public void Loops_are_numbered_from_the_inside()
    {
        VerifierEnv env = Prepared(Mov(0, 0), Mov(6, 0), Jeq(6, 1, -1), Jeq(0, 1, -3), Jeq(0, 2, -1), Exit);
        Assert.Equal([0, 2, 2, 2, 1, 0], env.Aux.Select(a => a.Scc));
        Assert.Equal(3, env.SccCount);
    }

    [Fact]
    public void Live_registers_are_those_of_the_kernels_log()
    {
        VerifierEnv env = Prepared(
        [
            Call(BpfFuncId.GetPrandomU32), new Insn(0x57, 0, 0, 0, 0xff), new Insn(0xbf, 6, 0, 0, 0), new Insn(0x34, 0, 0, 0, 3), new Insn(0x0f, 6, 0, 0, 0),
            new Insn(0x77, 6, 0, 0, 0), new Insn(0x94, 6, 0, 0, 3), new Insn(0x25, 6, 0, -3, 5), .. Imm64(1, 0, 5, 7), new Insn(0xdc, 1, 0, 0, 32), Mov(0, 0), Exit,
        ]);
        Assert.Equal([0, 1, 1, 0x41, 0x41, 0x40, 0x40, 0x40, 0, 0, 2, 0, 1], env.Aux.Select(a => (int)a.LiveRegsBefore));
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0], env.Aux.Select(a => a.Scc));
        Assert.EndsWith(
            """
            Live regs before insn:
                  0: .......... (85) call bpf_get_prandom_u32#7
                  1: 0......... (57) r0 &= 255
                  2: 0......... (bf) r6 = r0
                  3: 0.....6... (34) w0 /= 3
                  4: 0.....6... (0f) r6 += r0
              1   5: ......6... (77) r6 >>= 0
              1   6: ......6... (94) w6 %= 3
              1   7: ......6... (25) if r6 > 0x5 goto pc-3
                  8: .......... (18) r1 = 0x700000005
                 10: .1........ (dc) r1 = be32 r1
                 11: .......... (b7) r0 = 0
                 12: 0......... (95) exit

            """,
            env.Log.ToString());
    }

    [Fact]
    public void Spills_around_an_inlined_call_are_a_fastcall_pattern()
    {
        VerifierEnv env = Prepared(
            Mov(1, 1), Mov(2, 2), Spill(-16, 2), Spill(-8, 1), Call(BpfFuncId.GetSmpProcessorId), Fill(1, -8), Fill(2, -16), Exit);
        // The innermost pair must use the lowest slot: here it does not.
        Assert.Equal(0, env.Aux[4].FastcallSpills);

        env = Prepared(Mov(1, 1), Mov(2, 2), Spill(-8, 1), Spill(-16, 2), Call(BpfFuncId.GetSmpProcessorId), Fill(2, -16), Fill(1, -8), Exit);
        Assert.Equal(2, env.Aux[4].FastcallSpills);
        Assert.Equal([2, 3, 5, 6], Enumerable.Range(0, 8).Where(i => env.Aux[i].Has(InsnAuxFlags.FastcallPattern)));
        Assert.Equal(0, env.Subprogs[0].FastcallStackOff);
        Assert.False(env.Subprogs[0].KeepFastcallStack);

        env = Prepared(Mov(1, 1), Spill(-8, 1), Call(BpfFuncId.GetPrandomU32), Fill(1, -8), Exit);
        Assert.Equal(0, env.Aux[2].FastcallSpills);
        Assert.True(env.Subprogs[0].KeepFastcallStack);
    }

    private static ProgramTypeInfo ProgramTypeStub() => Env(Exit).Request.Program.Type;

    private static VerifierEnv Prepared(params Insn[] insns)
    {
        VerifierEnv env = Env(insns);
        Assert.Equal(0, Subprograms.Discover(env));
        Assert.Equal(0, Subprograms.Check(env));
        Assert.Equal(0, PseudoLoads.Run(env));
        Assert.Equal(0, ControlFlow.Run(env));
        Assert.Equal(0, Postorder.Run(env));
        Assert.Equal(0, Components.Run(env));
        Assert.Equal(0, LiveRegisters.Run(env));
        Assert.Equal(0, FastcallPatterns.Run(env));
        return env;
    }
}
