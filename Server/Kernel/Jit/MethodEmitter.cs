using System.Reflection.Emit;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>Writes the instructions of one method, one after the other.</summary>
internal static class MethodEmitter
{
    public static void Emit(EmitContext e)
    {
        for (int i = e.Start; i < e.End; i++)
        {
            e.At = i;
            e.MarkIfTarget(i);
            Insn insn = e.Program.Insns[i];
            One(e, insn);
            if (insn.IsLdImm64)
                i++;
        }

        // A method that is a piece of a function may end in the middle of the flow.
        if (!FlowAnalysis.EndsFlow(e.Program.Insns[e.End - 1]))
            e.Il.Emit(OpCodes.Br, e.Target(e.End));
    }

    private static void One(EmitContext e, in Insn insn)
    {
        switch (insn.Class)
        {
            case Op.Alu:
            case Op.Alu64:
                AluEmitter.Emit(e, insn);
                break;
            case Op.Ldx:
                MemoryEmitter.Load(e, insn);
                break;
            case Op.St when Op.Mode(insn.Code) == Op.Atomic:
                // BPF_NOSPEC, a speculation barrier of rewrites: nothing to do.
                break;
            case Op.St:
            case Op.Stx:
                StoreEmitter.Emit(e, insn);
                break;
            case Op.Ld:
                ImmediateEmitter.Emit(e, insn);
                break;
            default:
                if (insn.Code == (Op.Jmp | Op.Exit))
                    e.Return();
                else if (insn.Code == (Op.Jmp | Op.Call))
                    CallEmitter.Emit(e, insn);
                else
                    JumpEmitter.Emit(e, insn);
                break;
        }
    }
}
