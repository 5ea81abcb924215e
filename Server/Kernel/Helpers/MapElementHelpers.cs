using System.Runtime.CompilerServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// bpf_map_lookup_elem, update, delete and lookup_percpu, as kernel/bpf/helpers.c. A map pointer that leads to no map (which only a verifier
/// bug can produce) reads as an empty map.
/// </summary>
[BpfHelpers]
public static class MapElementHelpers
{
    public static readonly HelperProto MapLookupElem = new(BpfFuncId.MapLookupElem, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        PktAccess = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapKey,
    };

    public static readonly HelperProto MapUpdateElem = new(BpfFuncId.MapUpdateElem, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapKey,
        Arg3 = ArgType.PtrToMapValue,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto MapDeleteElem = new(BpfFuncId.MapDeleteElem, RetType.Integer)
    {
        PktAccess = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapKey,
    };

    public static readonly HelperProto MapLookupPercpuElem = new(BpfFuncId.MapLookupPercpuElem, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        PktAccess = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMapKey,
        Arg3 = ArgType.Anything,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong MapLookupElemCall(RunContext run, ulong map, ulong key, ulong r3, ulong r4, ulong r5) =>
        run.Maps.Find(map) is { } found ? found.Lookup(key, run.Cpu) : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong MapUpdateElemCall(RunContext run, ulong map, ulong key, ulong value, ulong flags, ulong r5)
    {
        if (run.Maps.Find(map) is not { } found)
            return Error(-Errno.EINVAL);
        return Error(found.Tracking is { } tracking ? tracking.UpdateByProgram(run, key, value, flags) : found.Update(key, value, flags, run.Cpu));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong MapDeleteElemCall(RunContext run, ulong map, ulong key, ulong r3, ulong r4, ulong r5)
    {
        if (run.Maps.Find(map) is not { } found)
            return Error(-Errno.EINVAL);
        return Error(found.Tracking is { } tracking ? tracking.DeleteByProgram(run, key) : found.Delete(key, run.Cpu));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong MapLookupPercpuElemCall(RunContext run, ulong map, ulong key, ulong cpu, ulong r4, ulong r5) =>
        (uint)cpu < (uint)run.Maps.Cpus && run.Maps.Find(map) is { } found ? found.Lookup(key, (int)(uint)cpu) : 0;

    /// <summary>A result in R0: sign-extended, as long.</summary>
    internal static ulong Error(int result) => (ulong)(long)result;
}
