using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// bpf_loop where the callback is known: a loop with a direct call, as inline_bpf_loop in kernel/bpf/verifier.c does it. The budget is asked every
/// <see cref="CallsPerCheck"/> calls.
/// </summary>
internal static class LoopEmitter
{
    // A power of two; with the budget's own spacing the clock would be read too rarely.
    private const int CallsPerCheck = 64;

    private static readonly MethodInfo CheckClock = typeof(RunContext).GetMethod(nameof(RunContext.CheckClock))!;

    /// <summary>Emits the loop; false where it must go through the helper.</summary>
    public static bool TryEmit(EmitContext e, in Insn insn)
    {
        if (insn.Src != 0 || insn.Imm != (int)BpfFuncId.Loop || !TryFindCallback(e, out int callback))
            return false;
        Label end = e.Il.DefineLabel();
        Refuse(e, end, -Errno.EINVAL, () =>
        {
            e.Load(Op.R4);
            return OpCodes.Brfalse;
        });
        Refuse(e, end, -Errno.E2BIG, () =>
        {
            // The count is a u32.
            e.LoadLow(Op.R1);
            e.Il.Emit(OpCodes.Ldc_I4, (int)LoopHelper.MaxLoops);
            return OpCodes.Ble_Un;
        });
        Loop(e, callback, end);
        e.Il.MarkLabel(end);
        return true;
    }

    // R0 = error, unless the branch that accept gives is taken.
    private static void Refuse(EmitContext e, Label end, int error, Func<OpCode> accept)
    {
        Label accepted = e.Il.DefineLabel();
        OpCode branch = accept();
        e.Il.Emit(branch, accepted);
        e.Immediate(error);
        e.Store(Op.R0);
        e.Il.Emit(OpCodes.Br, end);
        e.Il.MarkLabel(accepted);
    }

    private static void Loop(EmitContext e, int callback, Label end)
    {
        // R0 is the index and in the end the number of calls.
        LocalBuilder result = e.Il.DeclareLocal(typeof(ulong));
        Label next = e.Il.DefineLabel();
        Label call = e.Il.DefineLabel();
        e.Immediate(0);
        e.Store(Op.R0);

        e.Il.MarkLabel(next);
        e.Load(Op.R0);
        e.LoadLow(Op.R1);
        e.Il.Emit(OpCodes.Conv_U8);
        e.Il.Emit(OpCodes.Bge_Un, end);
        e.LoadLow(Op.R0);
        e.Il.Emit(OpCodes.Ldc_I4, CallsPerCheck - 1);
        e.Il.Emit(OpCodes.And);
        e.Il.Emit(OpCodes.Brtrue, call);
        e.LoadRun();
        e.Il.Emit(OpCodes.Call, CheckClock);
        e.Il.Emit(OpCodes.Brfalse, end);

        e.Il.MarkLabel(call);
        e.LoadRun();
        e.LoadBase();
        CallEmitter.LowerFrame(e);
        for (int argument = 1; argument <= e.Request.Flow.Arguments(callback); argument++)
        {
            if (argument == 1)
                e.Load(Op.R0);
            else if (argument == 2)
                e.Load(Op.R3);
            else
                e.Immediate(0);
        }

        e.Il.Emit(OpCodes.Call, e.Methods[callback]);
        e.Il.Emit(OpCodes.Stloc, result);
        e.Load(Op.R0);
        e.Immediate(1);
        e.Il.Emit(OpCodes.Add);
        e.Store(Op.R0);
        e.Il.Emit(OpCodes.Ldloc, result);
        e.Il.Emit(OpCodes.Brfalse, next);
    }

    // R2 was loaded in the same straight line: nothing jumps in between.
    private static bool TryFindCallback(EmitContext e, out int callback)
    {
        callback = 0;
        if (e.Methods.Count == 0)
            return false;
        for (int i = e.At - 1; i >= e.Start && !e.Request.Flow.IsTarget(i + 1); i--)
        {
            Insn insn = e.Program.Insns[i];
            if (insn.Code == 0)
                continue; // The second slot of a 64-bit immediate.
            if (insn.IsLdImm64 && insn.Dst == Op.R2)
            {
                callback = insn.Imm;
                return (e.Program.Facts[i].Flags & InsnFlags.FuncLoad) != 0;
            }

            bool writesR2 = (RegisterUse.Of(insn, 0).Written & (1 << Op.R2)) != 0;
            if (writesR2 || FlowAnalysis.EndsFlow(insn))
                return false;
        }

        return false;
    }
}
