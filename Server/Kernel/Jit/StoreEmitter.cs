using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// Stores and atomics, and what the tracked form of a program says around them: before and after each store that may go through a map value,
/// the map is told the address.
/// </summary>
internal static class StoreEmitter
{
    private static readonly MethodInfo Before = typeof(TrackedStores).GetMethod(nameof(TrackedStores.Before))!;
    private static readonly MethodInfo After = typeof(TrackedStores).GetMethod(nameof(TrackedStores.After))!;

    public static void Emit(EmitContext e, in Insn insn)
    {
        bool atomic = insn.Class == Op.Stx && Op.Mode(insn.Code) == Op.Atomic;
        bool announce = e.Request.Tracked && (e.Facts.Flags & InsnFlags.MapValueStore) != 0;
        LocalBuilder? address = null;
        if (announce)
        {
            // Kept apart: an atomic that fetches may overwrite the register which the address came from.
            address = e.Il.DeclareLocal(typeof(ulong));
            e.Load(insn.Dst);
            MemoryEmitter.AddOffset(e, insn.Off);
            e.Il.Emit(OpCodes.Stloc, address);
            Tell(e, Before, address, Op.SizeBytes(insn.Code));
        }

        if (atomic)
            AtomicEmitter.Emit(e, insn);
        else
            MemoryEmitter.Store(e, insn);
        if (address is not null)
            Tell(e, After, address, Op.SizeBytes(insn.Code));
    }

    /// <summary>Before (or after) a helper that may write a map value: every argument it writes through. Argument registers keep their values in the locals.</summary>
    public static void AroundHelper(EmitContext e, in Insn insn, bool after)
    {
        if (!e.Request.Tracked || (e.Facts.Flags & InsnFlags.MapValueHelperStore) == 0)
            return;
        foreach (int argument in ProgramStores.WrittenArguments(insn))
        {
            e.LoadRun();
            e.Load(Op.R1 + argument);
            e.Il.Emit(OpCodes.Ldc_I4_1);
            e.Il.Emit(OpCodes.Call, after ? After : Before);
        }
    }

    private static void Tell(EmitContext e, MethodInfo method, LocalBuilder address, int size)
    {
        e.LoadRun();
        e.Il.Emit(OpCodes.Ldloc, address);
        e.Il.Emit(OpCodes.Ldc_I4, size);
        e.Il.Emit(OpCodes.Call, method);
    }
}
