using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>A program as machine code.</summary>
public sealed class CompiledProgram : IExecutable
{
    private readonly MachineCode _code;

    public CompiledProgram(VerifiedProgram program, Isolation isolation) =>
        _code = JitCompiler.Compile(program, new FlowAnalysis(program), isolation, tracked: false);

    public ulong Run(RunContext run, ulong context)
    {
        ulong frame = run.Enter(this, out RunContext.Saved saved);
        if (frame == 0)
            return 0;
        try
        {
            return _code.Enter(run, frame, context);
        }
        finally
        {
            run.Leave(saved);
        }
    }

    public ulong TailEnter(RunContext run, ulong context, ulong frame) => _code.Enter(run, frame, context);

    public ulong Invoke(RunContext run, int subprog, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)
    {
        // A callback that calls back itself lowers the top for its own callees; the helper that called it goes on from here.
        ulong frame = run.StackTop;
        ulong result = _code.Call(run, subprog, frame, a1, a2, a3, a4, a5);
        run.StackTop = frame;
        return result;
    }

    public void Dispose()
    {
    }
}
