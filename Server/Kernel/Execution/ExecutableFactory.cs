using WebBpf.Kernel.Interpreter;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Jit;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Execution;

/// <summary>How BPF code reaches memory (Kernel:Isolation).</summary>
public enum Isolation
{
    /// <summary>Every address is confined to the sandbox, whatever the verifier let through.</summary>
    Masked,

    /// <summary>Addresses are used as they are: the verifier alone protects the process.</summary>
    Raw,
}

/// <summary>What executes programs.</summary>
public enum Engine
{
    /// <summary>Compiled to machine code through IL.</summary>
    Jit,

    /// <summary>The reference interpreter.</summary>
    Interpreter,
}

/// <summary>Settings of one kernel for all its programs.</summary>
public sealed record ExecutionOptions
{
    public Engine Engine { get; init; } = Engine.Jit;
    public Isolation Isolation { get; init; } = Isolation.Masked;
}

/// <summary>Makes verified programs executable.</summary>
public static class ExecutableFactory
{
    /// <summary>
    /// The executable form of a program. Every instruction the verifier lets through has one; an instruction outside the set is a
    /// defect of ours and throws <see cref="InvalidOperationException"/> here, not while running.
    /// </summary>
    public static IExecutable Create(VerifiedProgram program, ExecutionOptions options)
    {
        InsnSupport.Demand(program);
        return options.Engine == Engine.Interpreter ? new InterpretedProgram(program) : new CompiledProgram(program, options.Isolation);
    }

    /// <summary>
    /// Compiles and forgets a program of each kind (one function; two functions), so that the 20 to 40 ms which the first compilation in a process takes do
    /// not fall on somebody's first load. Called once where a service starts.
    /// </summary>
    public static void WarmUp()
    {
        var exit = new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0);
        var zero = new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 0);
        Compile([zero, exit], new Subprog(0, 2, 0));
        Compile([new Insn(Op.Jmp | Op.Call, 0, Op.PseudoCall, 0, 1), exit, zero, exit], new Subprog(0, 2, 0), new Subprog(2, 4, 0));
    }

    private static void Compile(Insn[] insns, params Subprog[] subprogs) => Create(
        new VerifiedProgram { Insns = insns, Facts = new InsnFacts[insns.Length], Subprogs = subprogs, UsedMaps = [] },
        new ExecutionOptions()).Dispose();
}
