using System.Reflection;
using System.Reflection.Emit;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// The method behind a divided subprogram: keeps the registers in an array on the stack and calls piece after piece until one says it is finished.
/// </summary>
internal static class PieceDriver
{
    /// <param name="il">Stream of <c>ulong F(RunContext run, ulong base, ulong frame, ulong r1, ...)</c>.</param>
    /// <param name="arguments">Arguments of the subprogram, 0-5.</param>
    /// <param name="plan">Its division.</param>
    /// <param name="pieces">The method of each piece.</param>
    public static void Emit(ILGenerator il, int arguments, PiecePlan plan, IReadOnlyList<MethodInfo> pieces)
    {
        LocalBuilder registers = il.DeclareLocal(typeof(ulong).MakePointerType());
        LocalBuilder entry = il.DeclareLocal(typeof(int));
        Label again = il.DefineLabel();
        Label[] calls = [.. pieces.Select(_ => il.DefineLabel())];

        il.Emit(OpCodes.Ldc_I4, PieceContext.RegisterBytes);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Localloc);
        il.Emit(OpCodes.Stloc, registers);
        for (int argument = 1; argument <= arguments; argument++)
        {
            il.Emit(OpCodes.Ldloc, registers);
            il.Emit(OpCodes.Ldc_I4, argument * 8);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ldarg, (short)(2 + argument));
            il.Emit(OpCodes.Stind_I8);
        }

        il.MarkLabel(again);
        il.Emit(OpCodes.Ldloc, entry);
        il.Emit(OpCodes.Switch, plan.Entries.Select(insn => calls[PieceOf(plan, insn)]).ToArray());
        il.Emit(OpCodes.Ldloc, registers);
        il.Emit(OpCodes.Ldind_I8);
        il.Emit(OpCodes.Ret);

        for (int i = 0; i < calls.Length; i++)
        {
            il.MarkLabel(calls[i]);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Ldloc, registers);
            il.Emit(OpCodes.Ldloc, entry);
            il.Emit(OpCodes.Call, pieces[i]);
            il.Emit(OpCodes.Stloc, entry);
            il.Emit(OpCodes.Br, again);
        }
    }

    private static int PieceOf(PiecePlan plan, int insn)
    {
        int piece = 0;
        while (insn >= plan.Pieces[piece].End)
            piece++;
        return piece;
    }
}
