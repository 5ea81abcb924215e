using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Jumps in both widths and both forms, loops, long jumps, and calls between subprograms.</summary>
public sealed class JumpTests : IDisposable
{
    private static readonly ulong[] Edges =
    [
        0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff7fffffff, 0xffffffff80000000, 0xffffffffffffffff,
    ];

    private static readonly int[] Immediates = [0, 1, -1, 2, int.MaxValue, int.MinValue];

    private readonly ExecutionHarness _harness = new();

    public static TheoryData<int, bool> Forms()
    {
        var data = new TheoryData<int, bool>();
        foreach (int code in new[] { Op.Jeq, Op.Jgt, Op.Jge, Op.Jset, Op.Jne, Op.Jsgt, Op.Jsge, Op.Jlt, Op.Jle, Op.Jslt, Op.Jsle })
        {
            data.Add(code, true);
            data.Add(code, false);
        }

        return data;
    }

    public void Dispose() => _harness.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Conditions_agree_with_the_oracle_at_the_edges(int code, bool wide)
    {
        int opClass = wide ? Op.Jmp : Op.Jmp32;
        IExecutable[] registers = Branch(new Insn(opClass | code | Op.X, 3, 2, 1, 0));
        foreach (ulong a in Edges)
        {
            foreach (ulong b in Edges)
                Expect(registers, a, b, AluOracle.Taken(code, wide, a, b));
        }

        foreach (int imm in Immediates)
        {
            IExecutable[] immediate = Branch(new Insn(opClass | code, 3, 0, 1, imm));
            foreach (ulong a in Edges)
                Expect(immediate, a, 0, AluOracle.Taken(code, wide, a, (ulong)imm));
        }
    }

    [Fact]
    public void A_loop_counts_down()
    {
        // r0 = sum of 1..1000
        Assert.Equal(500500UL, _harness.Agree(ExecutionHarness.Program(
            MovI(0, 0), MovI(2, 1000), Alu(Op.Add, 0, 2), AluI(Op.Sub, 2, 1), JmpI(Op.Jne, 2, 0, -3), Exit)));
    }

    [Fact]
    public void A_long_jump_takes_its_distance_from_the_immediate()
    {
        Assert.Equal(2UL, _harness.Agree(ExecutionHarness.Program(
            MovI(0, 1), new Insn(Op.Jmp32 | Op.Ja, 0, 0, 0, 2), MovI(0, 7), Exit, MovI(0, 2), new Insn(Op.Jmp32 | Op.Ja, 0, 0, 0, -3))));
    }

    [Fact]
    public void Subprograms_get_five_arguments_and_keep_the_callers_registers()
    {
        // main: r6-r9 survive the call; f(1, 2, 3, 4, 5) spoils them and gives a number made of its arguments
        Insn[] insns =
        [
            MovI(6, 100), MovI(7, 200), MovI(8, 300), MovI(9, 400),
            MovI(1, 1), MovI(2, 2), MovI(3, 3), MovI(4, 4), MovI(5, 5),
            Call(5),
            Alu(Op.Add, 0, 6), Alu(Op.Add, 0, 7), Alu(Op.Add, 0, 8), Alu(Op.Add, 0, 9), Exit,
            MovI(6, -1), MovI(7, -1), MovI(8, -1), MovI(9, -1),
            Mov(0, 1), AluI(Op.Mul, 0, 10), Alu(Op.Add, 0, 2), AluI(Op.Mul, 0, 10), Alu(Op.Add, 0, 3),
            AluI(Op.Mul, 0, 10), Alu(Op.Add, 0, 4), AluI(Op.Mul, 0, 10), Alu(Op.Add, 0, 5), Exit,
        ];
        Assert.Equal(13345UL, _harness.Agree(ExecutionHarness.Program(insns, new Subprog(0, 15, 8), new Subprog(15, insns.Length, 0))));
    }

    [Fact]
    public void Each_function_has_its_own_stack_frame()
    {
        // main stores 1 at r10-8; f stores 2 at its r10-8 and reads main's slot through r1
        Insn[] insns =
        [
            St(Op.DW, 10, -8, 1), Mov(1, 10), Call(3), Ldx(Op.DW, 1, 10, -8), Alu(Op.Add, 0, 1), Exit,
            St(Op.DW, 10, -8, 2), Ldx(Op.DW, 0, 1, -8), AluI(Op.Mul, 0, 10), Ldx(Op.DW, 2, 10, -8), Alu(Op.Add, 0, 2), Exit,
        ];
        Assert.Equal(13UL, _harness.Agree(ExecutionHarness.Program(insns, new Subprog(0, 6, 8), new Subprog(6, 12, 8))));
    }

    [Fact]
    public void Eight_frames_are_possible()
    {
        var insns = new List<Insn>();
        var subprogs = new List<Subprog>();
        for (int depth = 0; depth < 8; depth++)
        {
            int start = insns.Count;
            insns.Add(St(Op.DW, 10, -8, depth));
            if (depth == 7)
                insns.Add(MovI(0, 0));
            else
                insns.Add(Call(3));
            insns.AddRange([Ldx(Op.DW, 1, 10, -8), Alu(Op.Add, 0, 1), Exit]);
            subprogs.Add(new Subprog(start, insns.Count, 64));
        }

        Assert.Equal(28UL, _harness.Agree(ExecutionHarness.Program([.. insns], [.. subprogs])));
    }

    private static IExecutable[] Branch(Insn jump) => ExecutionHarness.Engines(ExecutionHarness.Program(
        Ldx(Op.DW, 3, 1, 0), Ldx(Op.DW, 2, 1, 8), MovI(0, 1), jump, MovI(0, 0), Exit));

    private void Expect(IExecutable[] engines, ulong a, ulong b, bool taken)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData, a);
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData[8..], b);
        Assert.All(engines, engine => Assert.True((taken ? 1UL : 0) == engine.Run(_harness.Run, _harness.Context), $"{a:x} {b:x}"));
    }
}
