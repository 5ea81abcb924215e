using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Jit;

/// <summary>Atomic operations: calls of <see cref="AtomicOps"/>, which RyuJIT inlines, most of them to one locked instruction.</summary>
internal static class AtomicEmitter
{
    public static void Emit(EmitContext e, in Insn insn)
    {
        if (insn.Imm == Op.LoadAcquire)
        {
            MemoryEmitter.Address(e, insn.Src, insn.Off);
            e.Il.Emit(OpCodes.Ldc_I4, Op.SizeBytes(insn.Code));
            Call(e, nameof(AtomicOps.LoadAcquire));
            e.Store(insn.Dst);
            return;
        }

        MemoryEmitter.Address(e, insn.Dst, insn.Off);
        if (insn.Imm == Op.StoreRelease)
        {
            e.Il.Emit(OpCodes.Ldc_I4, Op.SizeBytes(insn.Code));
            e.Load(insn.Src);
            Call(e, nameof(AtomicOps.StoreRelease));
            return;
        }

        bool wide = Op.SizeField(insn.Code) == Op.DW;
        e.Load(insn.Src);
        if (insn.Imm == Op.Cmpxchg)
        {
            e.Load(Op.R0);
            Call(e, wide ? nameof(AtomicOps.Cmpxchg64) : nameof(AtomicOps.Cmpxchg32));
            // The old value goes to R0, not to the source register.
            e.Store(Op.R0);
            return;
        }

        Call(e, Name(insn.Imm, wide));
        if ((insn.Imm & Op.Fetch) != 0)
            e.Store(insn.Src);
        else
            e.Il.Emit(OpCodes.Pop);
    }

    private static string Name(int operation, bool wide) => (operation & ~Op.Fetch) switch
    {
        Op.Add => wide ? nameof(AtomicOps.Add64) : nameof(AtomicOps.Add32),
        Op.And => wide ? nameof(AtomicOps.And64) : nameof(AtomicOps.And32),
        Op.Or => wide ? nameof(AtomicOps.Or64) : nameof(AtomicOps.Or32),
        Op.Xor => wide ? nameof(AtomicOps.Xor64) : nameof(AtomicOps.Xor32),
        Op.Xchg & ~Op.Fetch => wide ? nameof(AtomicOps.Xchg64) : nameof(AtomicOps.Xchg32),
        _ => throw new InvalidOperationException($"No atomic operation 0x{operation:x}."),
    };

    private static void Call(EmitContext e, string name)
    {
        MethodInfo method = typeof(AtomicOps).GetMethod(name)!;
        e.Il.Emit(OpCodes.Call, method);
    }
}
