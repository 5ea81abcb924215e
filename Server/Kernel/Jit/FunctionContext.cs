using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>A subprogram that is one method: <c>ulong F(RunContext run, ulong base, ulong frame, ulong r1, ...)</c>.</summary>
internal sealed class FunctionContext : EmitContext
{
    private readonly int _first;

    /// <param name="il">The method's stream.</param>
    /// <param name="request">What is compiled.</param>
    /// <param name="methods">The methods of the subprograms.</param>
    /// <param name="subprog">Which subprogram.</param>
    /// <param name="first">Index of the argument that holds the RunContext: 1 where a delegate's target comes before it.</param>
    /// <param name="arguments">Arguments of the subprogram, 0-5.</param>
    public FunctionContext(ILGenerator il, CompileRequest request, IReadOnlyList<MethodInfo> methods, int subprog, int first, int arguments)
        : base(il, request, methods, subprog, request.Program.Subprogs[subprog].Start, request.Program.Subprogs[subprog].End)
    {
        _first = first;
        for (int argument = 1; argument <= arguments; argument++)
        {
            il.Emit(OpCodes.Ldarg, (short)(first + 2 + argument));
            Store(argument);
        }
    }

    public override void LoadRun() => Il.Emit(OpCodes.Ldarg, (short)_first);

    public override void LoadBase() => Il.Emit(OpCodes.Ldarg, (short)(_first + 1));

    public override void LoadFrame() => Il.Emit(OpCodes.Ldarg, (short)(_first + 2));

    public override void Return()
    {
        Load(Op.R0);
        Il.Emit(OpCodes.Ret);
    }

    protected override Label Outside(int target) =>
        throw new InvalidOperationException($"Subprogram {Subprog} jumps or runs on to instruction {target} outside of it.");
}
