using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Verifier;
using Xunit;

namespace WebBpf.Tests.Common.Execution;

/// <summary>A sandbox with one virtual CPU and a context of 256 bytes; runs hand-made programs, which no verifier has seen, on both engines.</summary>
public sealed unsafe class ExecutionHarness : IRunServices, IDisposable
{
    public const int ContextBytes = 256;

    public ExecutionHarness()
    {
        Maps = new MapContext(Memory, 4);
        Run = new RunContext(Maps, 0, this);
        Context = Memory.Allocate(ContextBytes, 16);
    }

    public BpfMemory Memory { get; } = new();
    public MapContext Maps { get; }
    public RunContext Run { get; }

    /// <summary>Address of the context.</summary>
    public ulong Context { get; }

    public Span<byte> ContextData => new(Memory.Resolve(Context), ContextBytes);

    public ulong MonotonicNs => 1;
    public ulong BootNs => 2;
    public ulong RealtimeNs => 3;
    public ulong TaiNs => 4;
    public BpfTask CurrentTask { get; } = new() { Pid = 1 };

    public void Trace(RunContext run, string text)
    {
    }

    public void Dispose() => Memory.Dispose();

    /// <summary>A program of one function with the deepest stack.</summary>
    public static VerifiedProgram Program(params Insn[] insns) => Program(insns, new Subprog(0, insns.Length, 512));

    public static VerifiedProgram Program(Insn[] insns, params Subprog[] subprogs) => new()
    {
        Insns = insns,
        Facts = [.. insns.Select((_, i) => new InsnFacts { MapIndex = -1, Original = i })],
        Subprogs = subprogs,
        UsedMaps = [],
    };

    /// <summary>Both engines' forms of a program, the interpreter first.</summary>
    public static IExecutable[] Engines(VerifiedProgram program) =>
    [
        ExecutableFactory.Create(program, new ExecutionOptions { Engine = Engine.Interpreter }),
        ExecutableFactory.Create(program, new ExecutionOptions { Engine = Engine.Jit, Isolation = Isolation.Masked }),
        ExecutableFactory.Create(program, new ExecutionOptions { Engine = Engine.Jit, Isolation = Isolation.Raw }),
    ];

    /// <summary>Runs a program on all engines from the same context; all must give the same R0 and the same context, which is then left there.</summary>
    public ulong Agree(VerifiedProgram program, string what = "")
    {
        byte[] before = ContextData.ToArray();
        ulong? result = null;
        byte[] after = [];
        foreach (IExecutable engine in Engines(program))
        {
            before.CopyTo(ContextData);
            ulong r0 = engine.Run(Run, Context);
            Assert.Equal(0, Run.Nesting);
            if (result is { } first)
            {
                Assert.True(first == r0, $"{what}: interpreter {first:x}, compiled {r0:x}\n{string.Join('\n', program.Insns)}");
                Assert.True(after.AsSpan().SequenceEqual(ContextData), $"{what}: memory differs\n{string.Join('\n', program.Insns)}");
            }

            result = r0;
            after = ContextData.ToArray();
        }

        return result!.Value;
    }
}
