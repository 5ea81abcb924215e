using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>What is compiled and how.</summary>
/// <param name="Program">The program after all rewrites.</param>
/// <param name="Flow">Its jumps and live registers.</param>
/// <param name="Isolation">Whether addresses are masked into the sandbox.</param>
/// <param name="Tracked">Whether stores into map values are announced to their maps.</param>
internal sealed record CompileRequest(VerifiedProgram Program, FlowAnalysis Flow, Isolation Isolation, bool Tracked);
