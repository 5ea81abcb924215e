using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>Class LD: 64-bit immediates and the legacy packet loads LD_ABS and LD_IND.</summary>
internal static class ImmediateEmitter
{
    private static readonly MethodInfo LegacyLoad = typeof(LegacyLoads).GetMethod(nameof(LegacyLoads.TryLoad))!;

    public static void Emit(EmitContext e, in Insn insn)
    {
        if (insn.IsLdImm64)
        {
            uint high = (uint)e.Program.Insns[e.At + 1].Imm;
            e.Il.Emit(OpCodes.Ldc_I8, (long)((ulong)high << 32 | (uint)insn.Imm));
            e.Store(insn.Dst);
            return;
        }

        // A byte outside the packet ends the function with R0 = 0.
        Label loaded = e.Il.DefineLabel();
        LocalBuilder value = e.Il.DeclareLocal(typeof(ulong));
        e.LoadRun();
        e.Il.Emit(OpCodes.Ldc_I4, insn.Imm);
        if (Op.Mode(insn.Code) == Op.Ind)
        {
            e.LoadLow(insn.Src);
            e.Il.Emit(OpCodes.Add);
        }

        e.Il.Emit(OpCodes.Ldc_I4, Op.SizeBytes(insn.Code));
        e.Il.Emit(OpCodes.Ldloca, value);
        e.Il.Emit(OpCodes.Call, LegacyLoad);
        e.Il.Emit(OpCodes.Brtrue, loaded);
        e.Immediate(0);
        e.Store(Op.R0);
        e.Return();
        e.Il.MarkLabel(loaded);
        e.Il.Emit(OpCodes.Ldloc, value);
        e.Store(Op.R0);
    }
}
