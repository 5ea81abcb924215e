using WebBpf.Kernel.Interpreter;
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
}
