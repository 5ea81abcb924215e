using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// Division and remainder (RFC 9669, section 4.1): x / 0 = 0, x % 0 = x, and the most negative number divided by -1 wraps. The machine would trap in
/// all three cases, so registers are tested first; constants need no test and become multiplications. 32-bit divisions that keep the processor's
/// division are calls (<see cref="NarrowOps"/> says why).
/// </summary>
internal static class DivisionEmitter
{
    private static readonly MethodInfo Divide = typeof(NarrowOps).GetMethod(nameof(NarrowOps.Divide))!;
    private static readonly MethodInfo Remainder = typeof(NarrowOps).GetMethod(nameof(NarrowOps.Remainder))!;
    private static readonly MethodInfo SignedDivide = typeof(NarrowOps).GetMethod(nameof(NarrowOps.SignedDivide))!;
    private static readonly MethodInfo SignedRemainder = typeof(NarrowOps).GetMethod(nameof(NarrowOps.SignedRemainder))!;

    public static void Emit(EmitContext e, in Insn insn)
    {
        bool constant = (insn.Code & Op.X) == 0;
        if (insn.Class == Op.Alu && (!constant || insn.Off == 1))
            Narrow(e, insn);
        else if (constant)
            ByConstant(e, insn);
        else
            ByRegister(e, insn);
    }

    private static void Narrow(EmitContext e, in Insn insn)
    {
        e.LoadLow(insn.Dst);
        AluEmitter.OperandLow(e, insn);
        e.Il.Emit(OpCodes.Call, ((insn.Code & 0xf0) == Op.Mod, insn.Off == 1) switch
        {
            (false, false) => Divide,
            (false, true) => SignedDivide,
            (true, false) => Remainder,
            (true, true) => SignedRemainder,
        });
        e.StoreLow(insn.Dst);
    }

    private static void ByConstant(EmitContext e, in Insn insn)
    {
        bool remainder = (insn.Code & 0xf0) == Op.Mod;
        bool signed = insn.Off == 1;
        if (insn.Imm == 0)
        {
            Trivial(e, insn, remainder);
            return;
        }

        if (signed && insn.Imm == -1)
        {
            Minus(e, insn, remainder);
            return;
        }

        LoadDividend(e, insn);
        AluEmitter.OperandOfWidth(e, insn);
        e.Il.Emit(Operation(remainder, signed));
        StoreResult(e, insn);
    }

    private static void ByRegister(EmitContext e, in Insn insn)
    {
        bool remainder = (insn.Code & 0xf0) == Op.Mod;
        bool signed = insn.Off == 1;
        Label zero = e.Il.DefineLabel();
        Label minusOne = e.Il.DefineLabel();
        Label end = e.Il.DefineLabel();

        AluEmitter.OperandOfWidth(e, insn);
        e.Il.Emit(OpCodes.Brfalse, zero);
        if (signed)
        {
            AluEmitter.OperandOfWidth(e, insn);
            e.Il.Emit(OpCodes.Ldc_I4_M1);
            if (insn.Class == Op.Alu64)
                e.Il.Emit(OpCodes.Conv_I8);
            e.Il.Emit(OpCodes.Beq, minusOne);
        }

        LoadDividend(e, insn);
        AluEmitter.OperandOfWidth(e, insn);
        e.Il.Emit(Operation(remainder, signed));
        StoreResult(e, insn);
        e.Il.Emit(OpCodes.Br, end);

        e.Il.MarkLabel(zero);
        Trivial(e, insn, remainder);
        if (signed)
        {
            e.Il.Emit(OpCodes.Br, end);
            e.Il.MarkLabel(minusOne);
            Minus(e, insn, remainder);
        }

        e.Il.MarkLabel(end);
    }

    // By zero: the quotient is 0, the remainder the dividend (cut to 32 bits in class ALU).
    private static void Trivial(EmitContext e, in Insn insn, bool remainder)
    {
        if (!remainder)
        {
            e.Immediate(0);
            e.Store(insn.Dst);
        }
        else if (insn.Class == Op.Alu)
        {
            e.LoadLow(insn.Dst);
            e.StoreLow(insn.Dst);
        }
    }

    // By -1: the quotient is the negated dividend, the remainder 0.
    private static void Minus(EmitContext e, in Insn insn, bool remainder)
    {
        if (remainder)
        {
            e.Immediate(0);
            e.Store(insn.Dst);
            return;
        }

        LoadDividend(e, insn);
        e.Il.Emit(OpCodes.Neg);
        StoreResult(e, insn);
    }

    private static void LoadDividend(EmitContext e, in Insn insn)
    {
        if (insn.Class == Op.Alu64)
            e.Load(insn.Dst);
        else
            e.LoadLow(insn.Dst);
    }

    private static void StoreResult(EmitContext e, in Insn insn)
    {
        if (insn.Class == Op.Alu64)
            e.Store(insn.Dst);
        else
            e.StoreLow(insn.Dst);
    }

    private static OpCode Operation(bool remainder, bool signed) => (remainder, signed) switch
    {
        (false, false) => OpCodes.Div_Un,
        (false, true) => OpCodes.Div,
        (true, false) => OpCodes.Rem_Un,
        (true, true) => OpCodes.Rem,
    };
}
