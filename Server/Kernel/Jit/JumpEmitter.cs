using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>Jumps inside a function (classes JMP and JMP32): one compare-and-branch of IL each.</summary>
internal static class JumpEmitter
{
    private static readonly MethodInfo MayGoto = typeof(RunContext).GetMethod(nameof(RunContext.MayGoto))!;

    public static void Emit(EmitContext e, in Insn insn)
    {
        Label target = e.Target(FlowAnalysis.JumpTarget(e.At, insn));
        int code = insn.Code & 0xf0;
        switch (code)
        {
            case Op.Ja:
                e.Il.Emit(OpCodes.Br, target);
                return;
            case Op.Jcond:
                e.LoadRun();
                e.Il.Emit(OpCodes.Call, MayGoto);
                e.Il.Emit(OpCodes.Brfalse, target);
                return;
        }

        if (insn.Class == Op.Jmp)
        {
            e.Load(insn.Dst);
            AluEmitter.Operand(e, insn);
        }
        else
        {
            // Both halves as 32-bit numbers: IL then compares 32 bits, signed or not by the branch's kind.
            e.LoadLow(insn.Dst);
            AluEmitter.OperandLow(e, insn);
        }

        if (code == Op.Jset)
            e.Il.Emit(OpCodes.And);
        e.Il.Emit(Branch(code), target);
    }

    private static OpCode Branch(int code) => code switch
    {
        Op.Jeq => OpCodes.Beq,
        Op.Jne => OpCodes.Bne_Un,
        Op.Jgt => OpCodes.Bgt_Un,
        Op.Jge => OpCodes.Bge_Un,
        Op.Jlt => OpCodes.Blt_Un,
        Op.Jle => OpCodes.Ble_Un,
        Op.Jsgt => OpCodes.Bgt,
        Op.Jsge => OpCodes.Bge,
        Op.Jslt => OpCodes.Blt,
        Op.Jsle => OpCodes.Ble,
        Op.Jset => OpCodes.Brtrue,
        _ => throw new InvalidOperationException($"No IL branch for jump code 0x{code:x2}."),
    };
}
