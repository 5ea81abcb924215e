using System.Buffers.Binary;
using System.Numerics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Kernel.Execution;

/// <summary>Every atomic operation: what it leaves in memory and in registers, and that nothing is lost between threads.</summary>
public sealed class AtomicTests : IDisposable
{
    private const ulong Memory = 0xf0f0f0f0_80000001;
    private const ulong Value = 0x0ff00ff0_7fffffff;
    private const int Threads = 8;
    private readonly ExecutionHarness _harness = new();

    public static TheoryData<int, bool> Operations()
    {
        var data = new TheoryData<int, bool>();
        foreach (bool wide in new[] { true, false })
        {
            foreach (int operation in new[] { Op.Add, Op.And, Op.Or, Op.Xor })
            {
                data.Add(operation, wide);
                data.Add(operation | Op.Fetch, wide);
            }

            data.Add(Op.Xchg, wide);
        }

        return data;
    }

    public void Dispose() => _harness.Dispose();

    [Theory]
    [MemberData(nameof(Operations))]
    public void Operations_change_memory_and_fetch_the_old_value(int operation, bool wide)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData[8..], Memory);
        int size = wide ? Op.DW : Op.W;
        ulong source = _harness.Agree(ExecutionHarness.Program([.. Imm64(2, Value), Atomic(size, operation, 1, 2, 8), Mov(0, 2), Exit]));

        int bits = wide ? 64 : 32;
        BigInteger old = wide ? Memory : (Memory & uint.MaxValue), value = wide ? Value : (Value & uint.MaxValue);
        ulong changed = AluOracle.Cut((operation & ~Op.Fetch) switch
        {
            Op.Add => old + value,
            Op.And => old & value,
            Op.Or => old | value,
            Op.Xor => old ^ value,
            _ => value,
        }, bits);
        ulong expected = wide ? changed : changed | (Memory & 0xffffffff00000000);
        Assert.Equal(expected, BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData[8..]));
        Assert.Equal((operation & Op.Fetch) != 0 ? (ulong)old : Value, source);
    }

    [Theory]
    [InlineData(true, Memory, true)]
    [InlineData(true, Memory + 1, false)]
    [InlineData(true, Memory ^ 1UL << 40, false)]
    [InlineData(false, Memory, true)]
    [InlineData(false, Memory ^ 1UL << 40, true)]
    [InlineData(false, Memory + 1, false)]
    public void Compare_and_exchange_stores_only_where_R0_is_equal(bool wide, ulong expected, bool stores)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData[8..], Memory);
        ulong r0 = _harness.Agree(ExecutionHarness.Program(
            [.. Imm64(0, expected), .. Imm64(2, Value), Atomic(wide ? Op.DW : Op.W, Op.Cmpxchg, 1, 2, 8), Stx(Op.DW, 1, 2, 16), Exit]));
        Assert.Equal(wide ? Memory : (Memory & uint.MaxValue), r0);
        ulong now = BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData[8..]);
        ulong written = wide ? Value : (Value & uint.MaxValue) | (Memory & 0xffffffff00000000);
        Assert.Equal(stores ? written : Memory, now);
        Assert.Equal(Value, BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData[16..]));
    }

    [Theory]
    [InlineData(Op.B, 0x01UL)]
    [InlineData(Op.H, 0x0001UL)]
    [InlineData(Op.W, 0x80000001UL)]
    [InlineData(Op.DW, Memory)]
    public void Load_acquire_and_store_release_move_their_width(int size, ulong expected)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_harness.ContextData[8..], Memory);
        Assert.Equal(expected, _harness.Agree(ExecutionHarness.Program(Atomic(size, Op.LoadAcquire, 0, 1, 8), Atomic(size, Op.StoreRelease, 1, 0, 32), Exit)));
        Assert.Equal(expected, BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData[32..]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_lost_among_eight_threads(bool wide)
    {
        // 2,000 times: fetch-and-add 1 at 0, add 3 at 8, and a compare-and-exchange loop that adds 5 at 16
        int size = wide ? Op.DW : Op.W;
        Insn[] insns =
        [
            MovI(6, 2000),
            MovI(2, 1), Atomic(size, Op.Add | Op.Fetch, 1, 2, 0),
            MovI(2, 3), Atomic(size, Op.Add, 1, 2, 8),
            Ldx(size, 0, 1, 16), Mov(3, 0), Mov(2, 0), AluI(Op.Add, 2, 5), Atomic(size, Op.Cmpxchg, 1, 2, 16), Jmp(Op.Jne, 0, 3, -6),
            AluI(Op.Sub, 6, 1), JmpI(Op.Jne, 6, 0, -12), MovI(0, 0), Exit,
        ];
        foreach (IExecutable engine in ExecutionHarness.Engines(ExecutionHarness.Program(insns)))
        {
            _harness.ContextData.Clear();
            var threads = new Thread[Threads];
            for (int i = 0; i < Threads; i++)
            {
                var run = new RunContext(_harness.Maps, i % 4, _harness);
                threads[i] = new Thread(() => engine.Run(run, _harness.Context));
                threads[i].Start();
            }

            foreach (Thread thread in threads)
                thread.Join();
            Assert.Equal(Threads * 2000UL, BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData));
            Assert.Equal(Threads * 6000UL, BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData[8..]));
            Assert.Equal(Threads * 10000UL, BinaryPrimitives.ReadUInt64LittleEndian(_harness.ContextData[16..]));
        }
    }
}
