using System.Diagnostics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Callbacks, tail calls, may_goto, legacy packet loads, and how runs are cut off.</summary>
public sealed class CallTests : IDisposable
{
    private readonly ExecutionHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData(0, 0UL, 0UL)]
    [InlineData(1, 1UL, 0UL)]
    [InlineData(100, 100UL, 4950UL)]
    public void A_loop_calls_back_with_each_index(int count, ulong made, ulong sum)
    {
        foreach (bool known in new[] { false, true })
        {
            _harness.ContextData.Clear();
            Assert.Equal(made, _harness.Agree(Loop(count, stopAt: -1, known: known)));
            Assert.Equal(sum, BitConverter.ToUInt64(_harness.ContextData));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_callback_that_returns_1_ends_the_loop(bool known)
    {
        Assert.Equal(8UL, _harness.Agree(Loop(100, stopAt: 7, known: known)));
        Assert.Equal(28UL, BitConverter.ToUInt64(_harness.ContextData));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_loop_refuses_flags_and_more_than_8_million_calls(bool known)
    {
        Assert.Equal(unchecked((ulong)-Errno.E2BIG), _harness.Agree(Loop((8 << 20) + 1, stopAt: -1, known: known)));
        Assert.Equal(unchecked((ulong)-Errno.EINVAL), _harness.Agree(Loop(1, stopAt: -1, flags: 1, known: known)));
    }

    [Fact]
    public void Loops_inside_loops_keep_their_frames_apart()
    {
        // main: bpf_loop(10, outer, ctx); outer(i, ctx): own slot = i; bpf_loop(5, inner, ctx); adds its slot; inner: fills its slot with rubbish
        Insn[] insns =
        [
            Mov(3, 1), MovI(1, 10), MovI(2, 1), MovI(4, 0), Helper((int)BpfFuncId.Loop), MovI(0, 0), Exit,
            Stx(Op.DW, 10, 1, -8), Stx(Op.DW, 10, 2, -16), Mov(3, 2), MovI(1, 5), MovI(2, 2), MovI(4, 0), Helper((int)BpfFuncId.Loop),
            Ldx(Op.DW, 1, 10, -8), Ldx(Op.DW, 2, 10, -16), Ldx(Op.DW, 3, 2, 0), Alu(Op.Add, 3, 1), Stx(Op.DW, 2, 3, 0), MovI(0, 0), Exit,
            St(Op.DW, 10, -8, -1), St(Op.DW, 10, -16, -1), Ldx(Op.DW, 3, 2, 8), AluI(Op.Add, 3, 1), Stx(Op.DW, 2, 3, 8), MovI(0, 0), Exit,
        ];
        _harness.Agree(ExecutionHarness.Program(insns, new Subprog(0, 7, 8), new Subprog(7, 21, 16), new Subprog(21, 28, 16)));
        Assert.Equal(45UL, BitConverter.ToUInt64(_harness.ContextData));
        Assert.Equal(50UL, BitConverter.ToUInt64(_harness.ContextData[8..]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_deadline_ends_callbacks_and_says_so(bool known)
    {
        foreach (IExecutable engine in ExecutionHarness.Engines(Loop(8 << 20, stopAt: -1, known: known)))
        {
            _harness.Run.Abort = RunAbort.None;
            _harness.Run.Deadline = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 1000;
            ulong made = engine.Run(_harness.Run, _harness.Context);
            Assert.Equal(RunAbort.Deadline, _harness.Run.Abort);
            Assert.InRange(made, 1UL, (8UL << 20) - 1);
        }
    }

    [Fact]
    public void Cancelling_ends_callbacks_and_says_so()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        _harness.Run.Cancellation = source.Token;
        foreach (IExecutable engine in ExecutionHarness.Engines(Loop(1000, stopAt: -1)))
        {
            _harness.Run.Abort = RunAbort.None;
            Assert.InRange(engine.Run(_harness.Run, _harness.Context), 0UL, 999UL);
            Assert.Equal(RunAbort.Cancelled, _harness.Run.Abort);
        }
    }

    [Theory]
    [InlineData(Engine.Jit, Engine.Jit)]
    [InlineData(Engine.Interpreter, Engine.Interpreter)]
    [InlineData(Engine.Jit, Engine.Interpreter)]
    public void A_program_that_calls_itself_by_tail_stops_after_33(Engine engine, Engine target)
    {
        var table = new FakeProgramTable(_harness.Maps, 2);
        VerifiedProgram program = TailCaller(table.Address, 1);
        table.Set(1, program, target);
        ulong result = ExecutableFactory.Create(program, new ExecutionOptions { Engine = engine }).Run(_harness.Run, _harness.Context);
        // The last one falls through and returns 7; each of the 34 has counted.
        Assert.Equal(7UL, result);
        Assert.Equal(34UL, BitConverter.ToUInt64(_harness.ContextData));
        Assert.Null(_harness.Run.Program);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-1)]
    public void A_tail_call_to_nowhere_falls_through(int index)
    {
        var table = new FakeProgramTable(_harness.Maps, 2);
        Assert.Equal(7UL, _harness.Agree(TailCaller(table.Address, index)));
        Assert.Equal(1UL, BitConverter.ToUInt64(_harness.ContextData));
    }

    [Theory]
    [InlineData(Engine.Jit)]
    [InlineData(Engine.Interpreter)]
    public void A_tail_call_in_a_subprogram_returns_to_its_caller(Engine engine)
    {
        // main: r6 = 100; r0 = f(ctx); return r0 + r6.  f: tail_call(ctx, table, 0); return 7.  slot 0: return 5
        var table = new FakeProgramTable(_harness.Maps, 1);
        table.Set(0, ExecutionHarness.Program(MovI(6, -1), St(Op.DW, 10, -8, -1), MovI(0, 5), Exit), engine);
        Insn[] insns =
        [
            MovI(6, 100), St(Op.DW, 10, -8, 1000), Call(4), Alu(Op.Add, 0, 6), Ldx(Op.DW, 1, 10, -8), Alu(Op.Add, 0, 1), Exit,
            .. Imm64(2, table.Address), MovI(3, 0), Helper((int)BpfFuncId.TailCall), MovI(0, 7), Exit,
        ];
        VerifiedProgram program = ExecutionHarness.Program(insns, new Subprog(0, 7, 8), new Subprog(7, insns.Length, 0));
        Assert.Equal(1105UL, ExecutableFactory.Create(program, new ExecutionOptions { Engine = engine }).Run(_harness.Run, _harness.Context));
    }

    [Fact]
    public void May_goto_ends_a_loop_after_a_quarter_of_a_second()
    {
        foreach (IExecutable engine in ExecutionHarness.Engines(ExecutionHarness.Program(
            MovI(0, 0), new Insn(Op.Jmp | Op.Jcond, 0, 0, 2, 0), AluI(Op.Add, 0, 1), Ja(-3), Exit)))
        {
            long start = Stopwatch.GetTimestamp();
            Assert.True(engine.Run(_harness.Run, _harness.Context) > 100000);
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 240, 5000);
            Assert.Equal(RunAbort.None, _harness.Run.Abort);
        }
    }

    [Fact]
    public void Legacy_loads_read_the_packet_or_end_the_function()
    {
        _harness.Run.Subject = new Packet();
        // r0 = half word at 4 * r7 + 2
        VerifiedProgram program = ExecutionHarness.Program(
            Mov(6, 1), Ldx(Op.DW, 7, 1, 0), new Insn(Op.Ld | Op.Ind | Op.H, 0, 7, 0, 2), AluI(Op.Add, 0, 0x10000), Exit);
        Assert.Equal(0x10203UL, _harness.Agree(program));
        _harness.ContextData[0] = 12;
        Assert.Equal(0x10e0fUL, _harness.Agree(program));
        _harness.ContextData[0] = 13;
        Assert.Equal(0UL, _harness.Agree(program));
        Assert.Equal(7UL, _harness.Agree(ExecutionHarness.Program(Mov(6, 1), new Insn(Op.Ld | Op.Abs | Op.B, 0, 0, 0, 7), Exit)));
        _harness.Run.Subject = null;
        Assert.Equal(0UL, _harness.Agree(ExecutionHarness.Program(Mov(6, 1), new Insn(Op.Ld | Op.Abs | Op.W, 0, 0, 0, 0), MovI(0, 1), Exit)));
    }

    // r0 = bpf_loop(count, callback, ctx, flags); the callback adds its index to *ctx and returns 1 at stopAt.
    private static VerifiedProgram Loop(int count, int stopAt, int flags = 0, bool known = false)
    {
        Insn[] insns =
        [
            Mov(3, 1), MovI(1, count), .. Imm64(2, 1), MovI(4, flags), Helper((int)BpfFuncId.Loop), Exit,
            Ldx(Op.DW, 3, 2, 0), Alu(Op.Add, 3, 1), Stx(Op.DW, 2, 3, 0), MovI(0, 0), JmpI(Op.Jne, 1, stopAt, 1), MovI(0, 1), Exit,
        ];
        VerifiedProgram program = ExecutionHarness.Program(insns, new Subprog(0, 7, 8), new Subprog(7, insns.Length, 8) { IsCallback = true });
        if (known)
            program.Facts[2].Flags = InsnFlags.FuncLoad;
        return program;
    }

    // counts in *ctx, then tail-calls; returns 7 where it comes back.
    private static VerifiedProgram TailCaller(ulong table, int index) => ExecutionHarness.Program(
    [
        Ldx(Op.DW, 2, 1, 0), AluI(Op.Add, 2, 1), Stx(Op.DW, 1, 2, 0), .. Imm64(2, table), MovI(3, index), Helper((int)BpfFuncId.TailCall), MovI(0, 7), Exit,
    ]);

    // 16 bytes 0, 1, 2 ...
    private sealed class Packet : ILegacyPacket
    {
        public bool TryLoad(int offset, int size, out uint value)
        {
            value = 0;
            if (offset < 0 || offset + size > 16)
                return false;
            for (int i = 0; i < size; i++)
                value = value << 8 | (uint)(offset + i);
            return true;
        }
    }
}
