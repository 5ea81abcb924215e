using System.Reflection;
using System.Reflection.Emit;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// bpf_map_lookup_elem on a map that is known when the program is compiled: array elements are computed in place, other families
/// are called directly, past the table of maps and the virtual call.
/// </summary>
internal static class MapLookupEmitter
{
    private static readonly MethodInfo GetCpu = typeof(RunContext).GetProperty(nameof(RunContext.Cpu))!.GetMethod!;
    private static readonly MethodInfo GetMaps = typeof(RunContext).GetProperty(nameof(RunContext.UsedMaps))!.GetMethod!;

    /// <summary>Emits the lookup; false where it must go through the helper.</summary>
    public static bool TryEmit(EmitContext e, in Insn insn)
    {
        if (insn.Src != 0 || insn.Imm != (int)BpfFuncId.MapLookupElem)
            return false;
        int index = e.Facts.MapIndex;
        if (index < 0 || e.Program.UsedMaps[index].FastPath is not { } path)
            return false;
        if (path.Method is { } method)
            Call(e, method, index);
        else
            Element(e, path);
        return true;
    }

    private static void Call(EmitContext e, MethodInfo method, int index)
    {
        // The map's class is known: the element of the array is used as what it is, without a cast.
        e.LoadRun();
        e.Il.Emit(OpCodes.Call, GetMaps);
        e.Il.Emit(OpCodes.Ldc_I4, index);
        e.Il.Emit(OpCodes.Ldelem_Ref);
        e.Load(Op.R2);
        if (method.GetParameters().Length == 3)
        {
            e.LoadRun();
            e.Il.Emit(OpCodes.Call, GetCpu);
        }

        e.Il.Emit(OpCodes.Call, method);
        e.Store(Op.R0);
    }

    private static void Element(EmitContext e, MapFastPath path)
    {
        Label outside = e.Il.DefineLabel();
        Label end = e.Il.DefineLabel();
        LocalBuilder key = e.Il.DeclareLocal(typeof(uint));
        MemoryEmitter.Address(e, Op.R2, 0);
        e.Il.Emit(OpCodes.Ldind_U4);
        e.Il.Emit(OpCodes.Stloc, key);
        e.Il.Emit(OpCodes.Ldloc, key);
        e.Il.Emit(OpCodes.Ldc_I4, (int)path.Count);
        e.Il.Emit(OpCodes.Bge_Un, outside);

        // As a distance from the sandbox's start, which is in a register; the address itself would be a 64-bit constant.
        e.LoadBase();
        e.Il.Emit(OpCodes.Ldc_I8, (long)(uint)path.Values);
        e.Il.Emit(OpCodes.Add);
        e.Il.Emit(OpCodes.Ldloc, key);
        // An index is a number without sign.
        e.Il.Emit(OpCodes.Conv_U8);
        e.Il.Emit(OpCodes.Ldc_I8, (long)path.Stride);
        e.Il.Emit(OpCodes.Mul);
        e.Il.Emit(OpCodes.Add);
        if (path.CpuStride != 0)
        {
            e.LoadRun();
            e.Il.Emit(OpCodes.Call, GetCpu);
            e.Il.Emit(OpCodes.Conv_U8);
            e.Il.Emit(OpCodes.Ldc_I8, (long)path.CpuStride);
            e.Il.Emit(OpCodes.Mul);
            e.Il.Emit(OpCodes.Add);
        }

        e.Store(Op.R0);
        e.Il.Emit(OpCodes.Br, end);
        e.Il.MarkLabel(outside);
        e.Immediate(0);
        e.Store(Op.R0);
        e.Il.MarkLabel(end);
    }
}
