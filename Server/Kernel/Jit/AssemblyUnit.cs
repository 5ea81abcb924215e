using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using WebBpf.Kernel.Execution;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// A program as one collectible assembly with a static method per subprogram, and further ones for the pieces of large subprograms. RunAndCollect
/// assemblies are optimised at the first call (plain Run ones start unoptimised and stay slow).
/// </summary>
internal sealed class AssemblyUnit
{
    // Subprograms up to this size are inlined into their callers where RyuJIT agrees.
    private const int InlineInsns = 64;

    private readonly CompileRequest _request;
    private readonly TypeBuilder _type;
    private readonly MethodBuilder[] _functions;

    private AssemblyUnit(CompileRequest request)
    {
        _request = request;
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("bpf_prog"), AssemblyBuilderAccess.RunAndCollect);
        // Helper bodies may be internal: dynamic code gets the same view of this assembly as a dynamic method with skipVisibility.
        assembly.SetCustomAttribute(new CustomAttributeBuilder(
            typeof(IgnoresAccessChecksToAttribute).GetConstructor([typeof(string)])!, [typeof(AssemblyUnit).Assembly.GetName().Name!]));
        ModuleBuilder module = assembly.DefineDynamicModule("bpf_prog");
        _type = module.DefineType("Program", TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Abstract);
        _functions = [.. request.Program.Subprogs.Select((_, i) => Define($"subprog{i}", typeof(ulong), request.Flow.Arguments(i)))];
    }

    public static MachineCode Compile(CompileRequest request)
    {
        var unit = new AssemblyUnit(request);
        for (int i = 0; i < request.Program.Subprogs.Length; i++)
            unit.Emit(i);
        Type type = unit._type.CreateType();
        nint[] code = new nint[unit._functions.Length];
        for (int i = 0; i < code.Length; i++)
        {
            RuntimeMethodHandle handle = type.GetMethod($"subprog{i}")!.MethodHandle;
            // Compiles now: a load shows what it costs, and the first run does not wait.
            RuntimeHelpers.PrepareMethod(handle);
            code[i] = handle.GetFunctionPointer();
        }

        return new MachineCode(type, code, [.. Enumerable.Range(0, code.Length).Select(request.Flow.Arguments)]);
    }

    private void Emit(int subprog)
    {
        var plan = new PiecePlan(_request.Program, _request.Flow, subprog);
        ILGenerator il = _functions[subprog].GetILGenerator();
        int arguments = _request.Flow.Arguments(subprog);
        if (plan.Pieces.Count == 1)
        {
            MethodEmitter.Emit(new FunctionContext(il, _request, _functions, subprog, first: 0, arguments));
            if (plan.Pieces[0].End - plan.Pieces[0].Start <= InlineInsns)
                _functions[subprog].SetImplementationFlags(MethodImplAttributes.AggressiveInlining);
            return;
        }

        MethodBuilder[] pieces = [.. plan.Pieces.Select((_, i) => DefinePiece(subprog, i))];
        for (int i = 0; i < pieces.Length; i++)
        {
            var context = new PieceContext(pieces[i].GetILGenerator(), _request, _functions, subprog, plan, plan.Pieces[i]);
            MethodEmitter.Emit(context);
            context.EmitExits();
        }

        PieceDriver.Emit(il, arguments, plan, pieces);
    }

    private MethodBuilder Define(string name, Type result, int arguments)
    {
        Type[] parameters = [typeof(RunContext), typeof(ulong), typeof(ulong), .. Enumerable.Repeat(typeof(ulong), arguments)];
        return _type.DefineMethod(name, MethodAttributes.Public | MethodAttributes.Static, result, parameters);
    }

    private MethodBuilder DefinePiece(int subprog, int piece) => _type.DefineMethod(
        $"subprog{subprog}_{piece}",
        MethodAttributes.Public | MethodAttributes.Static,
        typeof(int),
        [typeof(RunContext), typeof(ulong), typeof(ulong), typeof(ulong).MakePointerType(), typeof(int)]);
}
