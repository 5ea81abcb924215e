using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Jit;

/// <summary>Calls of helpers (direct, with as many arguments as the prototype has), of subprograms, and tail calls.</summary>
internal static class CallEmitter
{
    private static readonly MethodInfo Missing = typeof(MissingBody).GetMethod(nameof(MissingBody.Call))!;
    private static readonly MethodInfo TryTailCall = typeof(TailCall).GetMethod(nameof(TailCall.TryRun))!;
    private static readonly MethodInfo GetCpu = typeof(RunContext).GetProperty(nameof(RunContext.Cpu))!.GetMethod!;
    private static readonly MethodInfo SetStackTop = typeof(RunContext).GetProperty(nameof(RunContext.StackTop))!.SetMethod!;

    public static void Emit(EmitContext e, in Insn insn)
    {
        if (insn.Src == Op.PseudoCall)
            Subprogram(e, insn);
        else if (insn.Src == 0 && insn.Imm == (int)BpfFuncId.TailCall)
            Tail(e);
        else if (insn.Src == 0 && insn.Imm == (int)BpfFuncId.GetSmpProcessorId)
            Cpu(e);
        else if (!MapLookupEmitter.TryEmit(e, insn) && !LoopEmitter.TryEmit(e, insn))
            Helper(e, insn);
    }

    private static void Cpu(EmitContext e)
    {
        // The number of a CPU has no sign.
        e.LoadRun();
        e.Il.Emit(OpCodes.Call, GetCpu);
        e.StoreLow(Op.R0);
    }

    private static void Tail(EmitContext e)
    {
        // Where a program ran, its result is this function's; else the call falls through.
        Label next = e.Il.DefineLabel();
        LocalBuilder result = e.Il.DeclareLocal(typeof(ulong));
        e.LoadRun();
        e.Load(Op.R1);
        e.Load(Op.R2);
        e.Load(Op.R3);
        e.LoadFrame();
        e.Il.Emit(OpCodes.Ldloca, result);
        e.Il.Emit(OpCodes.Call, TryTailCall);
        e.Il.Emit(OpCodes.Brfalse, next);
        e.Il.Emit(OpCodes.Ldloc, result);
        e.Store(Op.R0);
        e.Return();
        e.Il.MarkLabel(next);
    }

    private static void Subprogram(EmitContext e, in Insn insn)
    {
        int callee = e.Request.Flow.SubprogAt(e.At + 1 + insn.Imm);
        e.LoadRun();
        e.LoadBase();
        LowerFrame(e);
        for (int argument = 1; argument <= e.Request.Flow.Arguments(callee); argument++)
            e.Load(argument);
        e.Il.Emit(OpCodes.Call, e.Methods[callee]);
        e.Store(Op.R0);
    }

    private static void Helper(EmitContext e, in Insn insn)
    {
        HelperProto? proto = insn.Src == 0 ? HelperRegistry.Proto((BpfFuncId)insn.Imm) : null;
        MethodInfo body = (insn.Src == 0 ? HelperRegistry.Body((BpfFuncId)insn.Imm) : null) ?? Missing;
        int arguments = proto is null ? 5 : RegisterUse.Count(proto);
        if (proto is not null && CallsBack(proto))
        {
            // Callbacks get their frames below this function's.
            e.LoadRun();
            LowerFrame(e);
            e.Il.Emit(OpCodes.Call, SetStackTop);
        }

        StoreEmitter.AroundHelper(e, insn, after: false);
        e.LoadRun();
        for (int argument = 1; argument <= 5; argument++)
        {
            // Registers beyond the prototype may never have been written.
            if (argument <= arguments)
                e.Load(argument);
            else
                e.Immediate(0);
        }

        e.Il.Emit(OpCodes.Call, body);
        e.Store(Op.R0);
        StoreEmitter.AroundHelper(e, insn, after: true);
    }

    /// <summary>Pushes the frame pointer of a function called from here.</summary>
    public static void LowerFrame(EmitContext e)
    {
        e.LoadFrame();
        MemoryEmitter.AddOffset(e, -e.Program.Subprogs[e.Subprog].StackDepth);
    }

    private static bool CallsBack(HelperProto proto)
    {
        for (int i = 0; i < 5; i++)
        {
            if ((proto.Arg(i) & ArgType.BaseMask) == ArgType.PtrToFunc)
                return true;
        }

        return false;
    }
}
