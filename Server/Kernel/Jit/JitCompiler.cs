using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// From verified instructions to machine code: flow analysis, then IL, then RyuJIT. A program of one small function becomes a dynamic method; all others one
/// collectible assembly whose methods call each other directly. Both are fully optimised at once and freed by the garbage collector with their program.
/// </summary>
internal static class JitCompiler
{
    private static readonly Type[] EntryParameters = [typeof(object), typeof(RunContext), typeof(ulong), typeof(ulong), typeof(ulong)];

    /// <summary>Compiles all subprograms.</summary>
    public static MachineCode Compile(VerifiedProgram program, FlowAnalysis flow, Isolation isolation, bool tracked)
    {
        var request = new CompileRequest(program, flow, isolation, tracked);
        if (program.Subprogs.Length == 1)
        {
            var plan = new PiecePlan(program, flow, 0);
            if (plan.Pieces.Count == 1)
                return CompileSingle(request);
        }

        return AssemblyUnit.Compile(request);
    }

    private static MachineCode CompileSingle(CompileRequest request)
    {
        var method = new DynamicMethod("bpf_prog", typeof(ulong), EntryParameters, typeof(JitCompiler).Module, skipVisibility: true);
        var context = new FunctionContext(method.GetILGenerator(), request, [], 0, first: 1, arguments: 1);
        MethodEmitter.Emit(context);
        // A delegate closed over a target needs no thunk that shifts the arguments; the target itself is not used.
        EntryPoint entry = method.CreateDelegate<EntryPoint>(request.Program);
        // Compiles now: a load shows what it costs, and the first run does not wait.
        RuntimeHelpers.PrepareDelegate(entry);
        return new MachineCode(entry);
    }
}
