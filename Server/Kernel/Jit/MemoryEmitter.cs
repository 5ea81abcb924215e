using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// Loads and stores. Addresses are confined to the sandbox and its margins as <c>base + (uint)register + offset</c>, except where the frame pointer is the base: its slots
/// lie at known places. Without isolation they are used as they are.
/// </summary>
internal static class MemoryEmitter
{
    public static void Load(EmitContext e, in Insn insn)
    {
        int mode = Op.Mode(insn.Code);
        bool signed = mode is Op.MemSx or ProbeLoads.ProbeMemSx;
        if ((e.Facts.Flags & InsnFlags.ProbeMem) != 0 || mode is ProbeLoads.ProbeMem or ProbeLoads.ProbeMemSx)
        {
            e.LoadBase();
            e.Load(insn.Src);
            AddOffset(e, insn.Off);
            e.Il.Emit(OpCodes.Call, ProbeLoads.Method(Op.SizeBytes(insn.Code), signed));
            e.Store(insn.Dst);
            return;
        }

        Address(e, insn.Src, insn.Off);
        switch (Op.SizeField(insn.Code))
        {
            case Op.B:
                e.Il.Emit(signed ? OpCodes.Ldind_I1 : OpCodes.Ldind_U1);
                break;
            case Op.H:
                e.Il.Emit(signed ? OpCodes.Ldind_I2 : OpCodes.Ldind_U2);
                break;
            case Op.W:
                e.Il.Emit(signed ? OpCodes.Ldind_I4 : OpCodes.Ldind_U4);
                break;
            default:
                e.Il.Emit(OpCodes.Ldind_I8);
                e.Store(insn.Dst);
                return;
        }

        // The load leaves 32 bits; BPF_MEM fills up with zeros, BPF_MEMSX with the sign.
        e.Il.Emit(signed ? OpCodes.Conv_I8 : OpCodes.Conv_U8);
        e.Store(insn.Dst);
    }

    public static void Store(EmitContext e, in Insn insn)
    {
        Address(e, insn.Dst, insn.Off);
        bool wide = Op.SizeField(insn.Code) == Op.DW;
        if (insn.Class == Op.Stx)
        {
            e.Load(insn.Src);
            // Narrow stores take a 32-bit number from IL's stack and keep its low bits.
            if (!wide)
                e.Il.Emit(OpCodes.Conv_U4);
        }
        else if (wide)
        {
            e.Immediate(insn.Imm);
        }
        else
        {
            e.Il.Emit(OpCodes.Ldc_I4, insn.Imm);
        }

        e.Il.Emit(Op.SizeField(insn.Code) switch
        {
            Op.B => OpCodes.Stind_I1,
            Op.H => OpCodes.Stind_I2,
            Op.W => OpCodes.Stind_I4,
            _ => OpCodes.Stind_I8,
        });
    }

    /// <summary>Pushes a pointer to <c>register + offset</c> that may be used as it is.</summary>
    public static void Address(EmitContext e, int register, int offset)
    {
        bool masked = e.Request.Isolation == Isolation.Masked && register != Op.R10;
        if (masked)
        {
            // The low half is an offset in the 4 GiB of the sandbox: widened without sign, or the upper half of them would lie below the base.
            e.LoadBase();
            e.LoadLow(register);
            e.Il.Emit(OpCodes.Conv_U8);
            e.Il.Emit(OpCodes.Add);
        }
        else
        {
            e.Load(register);
        }

        // Added behind the mask, so that it becomes part of the machine's addressing mode: it is a signed 16-bit number, and the margins of the sandbox are wider.
        AddOffset(e, offset);
        e.Il.Emit(OpCodes.Conv_U);
    }

    /// <summary>Adds a signed offset to the 64-bit number on the stack.</summary>
    public static void AddOffset(EmitContext e, int offset)
    {
        if (offset == 0)
            return;
        e.Immediate(offset);
        e.Il.Emit(OpCodes.Add);
    }
}
