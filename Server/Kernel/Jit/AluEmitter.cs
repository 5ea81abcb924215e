using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// Arithmetic and moves (classes ALU and ALU64). 64-bit operations work on the locals as they are; 32-bit ones cut both operands to 32 bits and
/// zero-extend the result. Shift counts are masked as IL leaves counts beyond the width undefined.
/// </summary>
internal static class AluEmitter
{
    private static readonly MethodInfo Swap16 = Swap(typeof(ushort));
    private static readonly MethodInfo Swap32 = Swap(typeof(uint));
    private static readonly MethodInfo Swap64 = Swap(typeof(ulong));

    public static void Emit(EmitContext e, in Insn insn)
    {
        int code = insn.Code & 0xf0;
        if (code == Op.Mov)
            Move(e, insn);
        else if (code == Op.End)
            ByteOrder(e, insn);
        else if (code is Op.Div or Op.Mod)
            DivisionEmitter.Emit(e, insn);
        else if (insn.Class == Op.Alu64)
            Wide(e, insn, code);
        else
            Narrow(e, insn, code);
    }

    private static void Wide(EmitContext e, in Insn insn, int code)
    {
        e.Load(insn.Dst);
        if (code == Op.Neg)
        {
            e.Il.Emit(OpCodes.Neg);
        }
        else if (code is Op.Lsh or Op.Rsh or Op.Arsh)
        {
            Count(e, insn, 63);
            e.Il.Emit(Operation(code));
        }
        else
        {
            Operand(e, insn);
            e.Il.Emit(Operation(code));
        }

        e.Store(insn.Dst);
    }

    private static void Narrow(EmitContext e, in Insn insn, int code)
    {
        e.LoadLow(insn.Dst);
        if (code == Op.Neg)
        {
            e.Il.Emit(OpCodes.Neg);
        }
        else if ((code is Op.Lsh or Op.Rsh or Op.Arsh) && !Bmi2.IsSupported && (insn.Code & Op.X) != 0)
        {
            // Without SHLX and kin the count must lie in RCX.
            e.LoadLow(insn.Src);
            e.Il.Emit(OpCodes.Call, typeof(NarrowOps).GetMethod(code switch
            {
                Op.Lsh => nameof(NarrowOps.ShiftLeft),
                Op.Rsh => nameof(NarrowOps.ShiftRight),
                _ => nameof(NarrowOps.ShiftRightSigned),
            })!);
        }
        else if (code is Op.Lsh or Op.Rsh or Op.Arsh)
        {
            Count(e, insn, 31);
            e.Il.Emit(Operation(code));
        }
        else
        {
            OperandLow(e, insn);
            e.Il.Emit(Operation(code));
        }

        e.StoreLow(insn.Dst);
    }

    private static void Move(EmitContext e, in Insn insn)
    {
        if ((insn.Code & Op.X) == 0)
        {
            // 64-bit: the immediate is sign-extended; 32-bit: zero-extended.
            e.Il.Emit(OpCodes.Ldc_I8, insn.Class == Op.Alu64 ? insn.Imm : (uint)insn.Imm);
            e.Store(insn.Dst);
            return;
        }

        e.Load(insn.Src);
        bool wide = insn.Class == Op.Alu64;
        switch (insn.Off)
        {
            case 0 when wide:
                e.Store(insn.Dst);
                return;
            case 8:
                e.Il.Emit(OpCodes.Conv_I1);
                break;
            case 16:
                e.Il.Emit(OpCodes.Conv_I2);
                break;
            case 32:
                e.Il.Emit(OpCodes.Conv_I4);
                break;
            default:
                // A 32-bit move, or an address-space cast without an arena: the low half.
                e.Il.Emit(OpCodes.Conv_U4);
                e.StoreLow(insn.Dst);
                return;
        }

        if (wide)
        {
            // Sign-extending moves fill all 64 bits with the sign ...
            e.Il.Emit(OpCodes.Conv_I8);
            e.Store(insn.Dst);
        }
        else
        {
            // ... but only 32 of them in class ALU: the upper half becomes zero.
            e.StoreLow(insn.Dst);
        }
    }

    private static void ByteOrder(EmitContext e, in Insn insn)
    {
        bool swap = insn.Class == Op.Alu64 || (insn.Code & Op.X) == Op.ToBe;
        e.Load(insn.Dst);
        switch (insn.Imm)
        {
            case 16:
                e.Il.Emit(OpCodes.Conv_U2);
                if (swap)
                    e.Il.Emit(OpCodes.Call, Swap16);
                e.StoreLow(insn.Dst);
                break;
            case 32:
                e.Il.Emit(OpCodes.Conv_U4);
                if (swap)
                    e.Il.Emit(OpCodes.Call, Swap32);
                e.StoreLow(insn.Dst);
                break;
            default:
                if (swap)
                    e.Il.Emit(OpCodes.Call, Swap64);
                e.Store(insn.Dst);
                break;
        }
    }

    /// <summary>Pushes the source operand, 64 bits.</summary>
    public static void Operand(EmitContext e, in Insn insn)
    {
        if ((insn.Code & Op.X) != 0)
            e.Load(insn.Src);
        else
            e.Immediate(insn.Imm);
    }

    /// <summary>Pushes the source operand, 32 bits.</summary>
    public static void OperandLow(EmitContext e, in Insn insn)
    {
        if ((insn.Code & Op.X) != 0)
            e.LoadLow(insn.Src);
        else
            e.Il.Emit(OpCodes.Ldc_I4, insn.Imm);
    }

    /// <summary>Pushes the source operand in the width of the instruction's class.</summary>
    public static void OperandOfWidth(EmitContext e, in Insn insn)
    {
        if (insn.Class == Op.Alu64)
            Operand(e, insn);
        else
            OperandLow(e, insn);
    }

    private static void Count(EmitContext e, in Insn insn, int mask)
    {
        if ((insn.Code & Op.X) == 0)
        {
            e.Il.Emit(OpCodes.Ldc_I4, insn.Imm & mask);
            return;
        }

        // Shift counts are 32-bit in IL; the machine's shift masks them anyway, so the AND costs nothing.
        e.LoadLow(insn.Src);
        e.Il.Emit(OpCodes.Ldc_I4, mask);
        e.Il.Emit(OpCodes.And);
    }

    private static OpCode Operation(int code) => code switch
    {
        Op.Add => OpCodes.Add,
        Op.Sub => OpCodes.Sub,
        Op.Mul => OpCodes.Mul,
        Op.Or => OpCodes.Or,
        Op.And => OpCodes.And,
        Op.Xor => OpCodes.Xor,
        Op.Lsh => OpCodes.Shl,
        Op.Rsh => OpCodes.Shr_Un,
        Op.Arsh => OpCodes.Shr,
        _ => throw new InvalidOperationException($"No IL operation for arithmetic code 0x{code:x2}."),
    };

    private static MethodInfo Swap(Type type) => typeof(BinaryPrimitives).GetMethod(nameof(BinaryPrimitives.ReverseEndianness), [type])!;
}
