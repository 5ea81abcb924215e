using System.Buffers.Binary;
using WebBpf.Kernel.Isa;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Every arithmetic form with operands at the edges: interpreter = compiled = the oracle.</summary>
public sealed class ArithmeticTests : IDisposable
{
    private static readonly ulong[] Edges =
    [
        0, 1, 2, 7, 31, 32, 33, 63, 64, 65, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef0,
        0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xffffffff80000000, 0xfffffffffffffffe, 0xffffffffffffffff, 0xaaaaaaaa55555555,
    ];

    private static readonly int[] Immediates = [0, 1, -1, 2, -2, 7, 31, 32, 63, 64, 127, 128, 0x7fff, 0x8000, int.MaxValue, int.MinValue];

    private readonly ExecutionHarness _harness = new();

    public static TheoryData<int, bool, int> Forms()
    {
        var data = new TheoryData<int, bool, int>();
        foreach (bool wide in new[] { false, true })
        {
            foreach (int code in new[] { Op.Add, Op.Sub, Op.Mul, Op.Div, Op.Or, Op.And, Op.Lsh, Op.Rsh, Op.Mod, Op.Xor, Op.Mov, Op.Arsh })
                data.Add(code, wide, 0);
            data.Add(Op.Div, wide, 1);
            data.Add(Op.Mod, wide, 1);
            data.Add(Op.Mov, wide, 8);
            data.Add(Op.Mov, wide, 16);
        }

        data.Add(Op.Mov, true, 32);
        return data;
    }

    public void Dispose() => _harness.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Register_forms_agree_with_the_oracle_at_the_edges(int code, bool wide, int off)
    {
        // r0 = f(context[0], context[1]), and the same with one register as both operands.
        var two = ExecutionHarness.Engines(ExecutionHarness.Program(
            Ldx(Op.DW, 0, 1, 0), Ldx(Op.DW, 2, 1, 8), new Insn(Class(wide) | code | Op.X, 0, 2, off, 0), Exit));
        var same = ExecutionHarness.Engines(ExecutionHarness.Program(Ldx(Op.DW, 0, 1, 0), new Insn(Class(wide) | code | Op.X, 0, 0, off, 0), Exit));
        foreach (ulong a in Edges)
        {
            foreach (ulong b in Edges)
            {
                Put(a, b);
                ulong expected = AluOracle.Alu(code, wide, off, a, b);
                Assert.All(two, engine => Assert.True(expected == engine.Run(_harness.Run, _harness.Context), $"{a:x} {b:x}"));
            }

            Put(a, 0);
            ulong itself = AluOracle.Alu(code, wide, off, a, a);
            Assert.All(same, engine => Assert.True(itself == engine.Run(_harness.Run, _harness.Context), $"{a:x} with itself"));
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Immediate_forms_agree_with_the_oracle_at_the_edges(int code, bool wide, int off)
    {
        if (code == Op.Mov && off != 0)
            return; // Sign-extending moves have no immediate form.
        foreach (int imm in Immediates)
        {
            var engines = ExecutionHarness.Engines(ExecutionHarness.Program(
                Ldx(Op.DW, 0, 1, 0), new Insn(Class(wide) | code, 0, 0, off, imm), Exit));
            foreach (ulong a in Edges)
            {
                Put(a, 0);
                ulong expected = AluOracle.Alu(code, wide, off, a, (ulong)imm);
                Assert.All(engines, engine => Assert.True(expected == engine.Run(_harness.Run, _harness.Context), $"{a:x} {imm:x}"));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Negation_agrees_with_the_oracle(bool wide)
    {
        var engines = ExecutionHarness.Engines(ExecutionHarness.Program(Ldx(Op.DW, 0, 1, 0), new Insn(Class(wide) | Op.Neg, 0, 0, 0, 0), Exit));
        foreach (ulong a in Edges)
        {
            Put(a, 0);
            ulong expected = AluOracle.Alu(Op.Neg, wide, 0, a, 0);
            Assert.All(engines, engine => Assert.Equal(expected, engine.Run(_harness.Run, _harness.Context)));
        }
    }

    [Theory]
    [InlineData(Op.Alu | Op.End | Op.ToLe, 16, 0x7788UL)]
    [InlineData(Op.Alu | Op.End | Op.ToLe, 32, 0x55667788UL)]
    [InlineData(Op.Alu | Op.End | Op.ToLe, 64, 0x1122334455667788UL)]
    [InlineData(Op.Alu | Op.End | Op.ToBe, 16, 0x8877UL)]
    [InlineData(Op.Alu | Op.End | Op.ToBe, 32, 0x88776655UL)]
    [InlineData(Op.Alu | Op.End | Op.ToBe, 64, 0x8877665544332211UL)]
    [InlineData(Op.Alu64 | Op.End, 16, 0x8877UL)]
    [InlineData(Op.Alu64 | Op.End, 32, 0x88776655UL)]
    [InlineData(Op.Alu64 | Op.End, 64, 0x8877665544332211UL)]
    public void Byte_order_conversions_swap_or_cut(int code, int bits, ulong expected)
    {
        Put(0x1122334455667788, 0);
        Assert.Equal(expected, _harness.Agree(ExecutionHarness.Program(Ldx(Op.DW, 0, 1, 0), new Insn(code, 0, 0, 0, bits), Exit)));
    }

    [Fact]
    public void A_64_bit_immediate_is_put_together_from_both_slots()
    {
        Assert.Equal(0xfedcba9876543210, _harness.Agree(ExecutionHarness.Program([.. Imm64(0, 0xfedcba9876543210), Exit])));
        Assert.Equal(0x00000001ffffffffUL, _harness.Agree(ExecutionHarness.Program([.. Imm64(0, 0x1ffffffff), Exit])));
    }

    private static int Class(bool wide) => wide ? Op.Alu64 : Op.Alu;

    private void Put(ulong first, ulong second)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData, first);
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData[8..], second);
    }
}
