using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Linux;
using WebBpf.Tests.Common.Execution;
using Xunit;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Parity.Execution;

/// <summary>Every instruction form on operands at the edges, and random programs: both our engines give what the machine's kernel gives.</summary>
public sealed class InstructionParityTests : IDisposable
{
    private const int PacketBytes = ExecutionHarness.ContextBytes;

    private static readonly ulong[] Edges =
    [
        0, 1, 2, 31, 32, 63, 64, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef0,
        0x7fffffffffffffff, 0x8000000000000000, 0xffffffff80000000, 0xffffffffffffffff,
    ];

    private readonly ExecutionHarness _harness = new();

    public static TheoryData<string, Insn> Forms()
    {
        var data = new TheoryData<string, Insn>();
        foreach (int opClass in new[] { Op.Alu, Op.Alu64 })
        {
            string width = opClass == Op.Alu ? "32" : "64";
            foreach (int code in new[] { Op.Add, Op.Sub, Op.Mul, Op.Div, Op.Or, Op.And, Op.Lsh, Op.Rsh, Op.Mod, Op.Xor, Op.Mov, Op.Arsh })
                data.Add($"alu{width} 0x{code:x2}", new Insn(opClass | code | Op.X, 6, 7, 0, 0));
            data.Add($"sdiv{width}", new Insn(opClass | Op.Div | Op.X, 6, 7, 1, 0));
            data.Add($"smod{width}", new Insn(opClass | Op.Mod | Op.X, 6, 7, 1, 0));
            data.Add($"sdiv{width} by -1", new Insn(opClass | Op.Div, 6, 0, 1, -1));
            data.Add($"smod{width} by -1", new Insn(opClass | Op.Mod, 6, 0, 1, -1));
            data.Add($"neg{width}", new Insn(opClass | Op.Neg, 6, 0, 0, 0));
            data.Add($"add{width} of an immediate", new Insn(opClass | Op.Add, 6, 0, 0, int.MinValue));
            data.Add($"div{width} by an immediate", new Insn(opClass | Op.Div, 6, 0, 0, -7));
            foreach (int bits in new[] { 8, 16, 32 })
            {
                if (opClass == Op.Alu64 || bits != 32)
                    data.Add($"mov{width} from s{bits}", new Insn(opClass | Op.Mov | Op.X, 6, 7, bits, 0));
            }

            foreach (int bits in new[] { 16, 32, 64 })
                data.Add($"swap{width} of {bits}", new Insn(opClass | Op.End | (opClass == Op.Alu ? Op.ToBe : 0), 6, 0, 0, bits));
        }

        foreach (int opClass in new[] { Op.Jmp, Op.Jmp32 })
        {
            foreach (int code in new[] { Op.Jeq, Op.Jgt, Op.Jge, Op.Jset, Op.Jne, Op.Jsgt, Op.Jsge, Op.Jlt, Op.Jle, Op.Jslt, Op.Jsle })
                data.Add($"jump {(opClass == Op.Jmp ? 64 : 32)} 0x{code:x2}", new Insn(opClass | code | Op.X, 6, 7, 1, 0));
        }

        foreach (int size in new[] { Op.W, Op.DW })
        {
            foreach (int operation in new[] { Op.Add, Op.And, Op.Or, Op.Xor, Op.Add | Op.Fetch, Op.And | Op.Fetch, Op.Or | Op.Fetch, Op.Xor | Op.Fetch, Op.Xchg, Op.Cmpxchg })
                data.Add($"atomic {(size == Op.W ? 32 : 64)} 0x{operation:x2}", Atomic(size, operation, 10, 7, -8));
        }

        return data;
    }

    public void Dispose() => _harness.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void An_instruction_gives_what_the_kernel_gives(string name, Insn insn)
    {
        Skip();
        // r6, r7 = packet; r0 = r6; the stack slot = r6; the instruction (a jump skips the next one); all goes back to the packet.
        Insn[] body =
        [
            Ldx(Op.DW, 6, 1, 0), Ldx(Op.DW, 7, 1, 8), Mov(0, 6), Stx(Op.DW, 10, 6, -8), insn, AluI(Op.Xor, 6, 0x55),
            Ldx(Op.DW, 8, 10, -8), Stx(Op.DW, 1, 6, 16), Stx(Op.DW, 1, 7, 24), Stx(Op.DW, 1, 8, 32), Stx(Op.DW, 1, 0, 40),
        ];
        using KernelRun? kernel = KernelRun.Load(body, PacketBytes);
        Assert.True(kernel is not null, $"The kernel refused {name}.");
        IExecutable[] ours = ExecutionHarness.Engines(ExecutionHarness.Program([.. body, Exit]));
        byte[] packet = new byte[PacketBytes];
        foreach (ulong a in Edges)
        {
            foreach (ulong b in Edges)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(packet, a);
                BinaryPrimitives.WriteUInt64LittleEndian(packet.AsSpan(8), b);
                Compare(kernel, ours, packet, $"{name} {a:x} {b:x}");
            }
        }
    }

    [Fact]
    public void Random_programs_give_what_the_kernel_gives()
    {
        Skip();
        var programs = new RandomPrograms(20, verifiable: true);
        int compared = 0;
        for (int i = 0; i < 150; i++)
        {
            List<Insn> body = programs.Body(40, 2);
            using KernelRun? kernel = KernelRun.Load(body, PacketBytes);
            if (kernel is null)
                continue; // Too many paths for the verifier.
            IExecutable[] ours = ExecutionHarness.Engines(ExecutionHarness.Program([.. body, Exit]));
            byte[] packet = new byte[PacketBytes];
            for (int run = 0; run < 4; run++)
            {
                new Random(i + run).NextBytes(packet);
                Compare(kernel, ours, packet, $"program {i}");
            }

            compared++;
        }

        Assert.InRange(compared, 120, 150);
    }

    private static void Skip()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
    }

    private void Compare(KernelRun kernel, IExecutable[] ours, byte[] packet, string what)
    {
        byte[] expected = [.. packet];
        uint result = kernel.Run(expected);
        foreach (IExecutable engine in ours)
        {
            packet.CopyTo(_harness.ContextData);
            uint r0 = (uint)engine.Run(_harness.Run, _harness.Context);
            Assert.True(result == r0, $"{what}: kernel {result:x}, ours {r0:x}");
            Assert.True(_harness.ContextData.SequenceEqual(expected), $"{what}: memory differs");
        }
    }
}
