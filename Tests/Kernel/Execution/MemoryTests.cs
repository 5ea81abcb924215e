using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Loads and stores of all widths, addresses outside the sandbox, and loads that must not fault.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly ExecutionHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData(Op.Mem | Op.B, 0x88UL)]
    [InlineData(Op.Mem | Op.H, 0x9988UL)]
    [InlineData(Op.Mem | Op.W, 0xbbaa9988UL)]
    [InlineData(Op.Mem | Op.DW, 0xffeeddccbbaa9988UL)]
    [InlineData(Op.MemSx | Op.B, 0xffffffffffffff88UL)]
    [InlineData(Op.MemSx | Op.H, 0xffffffffffff9988UL)]
    [InlineData(Op.MemSx | Op.W, 0xffffffffbbaa9988UL)]
    public void Loads_fill_up_with_zeros_or_the_sign(int form, ulong expected)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData[3..], 0xffeeddccbbaa9988);
        Assert.Equal(expected, _harness.Agree(ExecutionHarness.Program(new Insn(Op.Ldx | form, 0, 1, 3, 0), Exit)));
        Assert.Equal(expected, _harness.Agree(ExecutionHarness.Program(AluI(Op.Add, 1, 100), new Insn(Op.Ldx | form, 0, 1, -97, 0), Exit)));
    }

    [Theory]
    [InlineData(Op.B, 1)]
    [InlineData(Op.H, 2)]
    [InlineData(Op.W, 4)]
    [InlineData(Op.DW, 8)]
    public void Stores_write_exactly_their_width(int size, int bytes)
    {
        _harness.ContextData.Fill(0x55);
        _harness.Agree(ExecutionHarness.Program([.. Imm64(2, 0x8877665544332211), Stx(size, 1, 2, 16), St(size, 1, 40, -2), MovI(0, 0), Exit]));
        byte[] expected = new byte[ExecutionHarness.ContextBytes];
        expected.AsSpan().Fill(0x55);
        for (int i = 0; i < bytes; i++)
        {
            expected[16 + i] = (byte)(0x11 * (i + 1));
            expected[40 + i] = i == 0 ? (byte)0xfe : (byte)0xff;
        }

        Assert.Equal(expected, _harness.ContextData.ToArray());
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(0xffffffffffffffffUL)]
    [InlineData(0x00007fffffffff00UL)]
    [InlineData(0xdead000000000100UL)]
    public void Wild_addresses_stay_inside_the_sandbox(ulong wild)
    {
        VerifiedProgram program = ExecutionHarness.Program(
            [.. Imm64(1, wild), St(Op.DW, 1, 8, 77), Ldx(Op.DW, 0, 1, 8), St(Op.DW, 1, 8, 0), Exit]);
        foreach (Engine engine in Enum.GetValues<Engine>())
            Assert.Equal(77UL, ExecutableFactory.Create(program, new ExecutionOptions { Engine = engine }).Run(_harness.Run, _harness.Context));
    }

    [Theory]
    [InlineData(0x20)]
    [InlineData(0x40)]
    public void Probe_loads_outside_the_sandbox_give_zero(int mode)
    {
        foreach (int size in new[] { Op.B, Op.H, Op.W })
        {
            foreach (ulong address in new[] { 0UL, 8UL, ulong.MaxValue, 0x00007f0000000000UL, (ulong)_harness.Context - (1UL << 32) })
            {
                Assert.Equal(0UL, _harness.Agree(ExecutionHarness.Program([.. Imm64(1, address), new Insn(Op.Ldx | mode | size, 0, 1, 4, 0), Exit])));
            }
        }

        _harness.ContextData[4] = 0x81;
        ulong expected = mode == 0x20 ? 0x81UL : 0xffffffffffffff81UL;
        Assert.Equal(expected, _harness.Agree(ExecutionHarness.Program(new Insn(Op.Ldx | mode | Op.B, 0, 1, 4, 0), Exit)));
    }

    [Fact]
    public void A_load_flagged_as_probe_gives_zero_outside()
    {
        VerifiedProgram program = ExecutionHarness.Program(MovI(1, 0), Ldx(Op.DW, 0, 1, 16), Exit);
        program.Facts[1].Flags = InsnFlags.ProbeMem;
        Assert.Equal(0UL, _harness.Agree(program));
    }

    [Fact]
    public void Stack_slots_keep_their_bytes()
    {
        Assert.Equal(0x1122334455667788UL, _harness.Agree(ExecutionHarness.Program(
            [.. Imm64(2, 0x1122334455667788), Stx(Op.DW, 10, 2, -512), Mov(3, 10), AluI(Op.Add, 3, -512), Ldx(Op.W, 4, 3, 0), Ldx(Op.W, 0, 10, -508), AluI(Op.Lsh, 0, 32), Alu(Op.Or, 0, 4), Exit])));
    }
}
