using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>One argument of a helper call, as check_func_arg in kernel/bpf/verifier.c (6.18).</summary>
internal static class HelperArgs
{
    public static int Check(Walker w, int index, HelperProto proto, CallMeta meta)
    {
        ArgType arg = proto.Arg(index);
        ArgType kind = arg & ArgType.BaseMask;
        int regno = Op.R1 + index;
        if (arg == ArgType.DontCare)
            return 0;
        int error = w.CheckReg(regno, RegUse.Source);
        if (error != 0)
            return error;
        ref RegState reg = ref w.Regs[regno];
        if (arg == ArgType.Anything)
            return Registers.IsSecret(w, reg) ? Refuse(w, $"R{regno} leaks addr into helper function\n") : 0;
        if (reg.Type.IsPacket() && !(meta.PktAccess && w.Env.Request.Program.Type.DirectPacketRead))
            return Refuse(w, "helper access to the packet is not allowed\n");
        if (kind == ArgType.PtrToMapValue)
        {
            if (meta.Map is { Type: BpfMapType.Sockmap or BpfMapType.Sockhash })
                return w.Env.Gap("socket maps as helper arguments");
            if (meta.Map is { Type: BpfMapType.BloomFilter } && meta.Func == BpfFuncId.MapPeekElem)
                arg = ArgType.PtrToMapValue;
        }

        // A null is a scalar: its kind is not looked at.
        if (!(reg.IsNull && (arg & ArgType.MaybeNull) != 0))
        {
            error = ArgTypes.CheckKind(w, regno, arg);
            if (error == 0)
                error = ArgTypes.CheckOffset(w, regno, arg);
            if (error != 0)
                return error;
        }

        if ((arg & ArgType.Release) != 0)
        {
            if (reg.RefObjId == 0 && !reg.IsNull)
            {
                w.Log.Write($"R{regno} must be referenced when passed to release function\n");
                return -Errno.EINVAL;
            }

            meta.ReleaseRegno = regno;
        }

        if (reg.RefObjId != 0)
        {
            if (meta.RefObjId != 0)
                return Refuse(w, $"more than one arg with ref_obj_id R{regno} {reg.RefObjId} {meta.RefObjId}");
            meta.RefObjId = reg.RefObjId;
        }

        if (reg.Type.Base() == RegType.PtrToMapValue && (arg & (ArgType.Write | ArgType.Uninit)) != 0)
            w.Env.Aux[w.InsnIdx].Flags |= InsnAuxFlags.HelperWritesMapValue;
        return CheckContents(w, regno, index, arg, proto, meta);
    }

    private static int CheckContents(Walker w, int regno, int index, ArgType arg, HelperProto proto, CallMeta meta)
    {
        ref RegState reg = ref w.Regs[regno];
        bool write = (arg & ArgType.Write) != 0;
        int error;
        switch (arg & ArgType.BaseMask)
        {
            case ArgType.ConstMapPtr:
                meta.Map = reg.Map;
                meta.MapUid = reg.MapUid;
                return 0;
            case ArgType.PtrToMapKey:
                error = MemoryArgs.Check(w, regno, (int)meta.Map!.KeySize, write: false, zeroAllowed: false, null);
                return error != 0 ? error : MapCalls.ReadKey(w, regno, meta);
            case ArgType.PtrToMapValue:
                if ((arg & ArgType.MaybeNull) != 0 && reg.IsNull)
                    return 0;
                meta.RawMode = (arg & ArgType.Uninit) != 0;
                return MemoryArgs.Check(w, regno, (int)meta.Map!.ValueSize, write, zeroAllowed: false, meta);
            case ArgType.PtrToFunc:
                meta.Subprog = reg.Range;
                return 0;
            case ArgType.PtrToMem:
                meta.RawMode = (arg & ArgType.Uninit) != 0;
                if ((arg & ArgType.FixedSizeMem) == 0)
                    return 0;
                int size = (int)proto.ArgSize(index);
                error = MemoryArgs.Check(w, regno, size, write, zeroAllowed: false, meta);
                if (error == 0 && (arg & ArgType.Aligned) != 0)
                    error = Access.PointerChecks.CheckAlignment(w, regno, 0, size, strictOnce: true);
                return error;
            case ArgType.ConstSize or ArgType.ConstSizeOrZero:
                bool fills = (proto.Arg(index - 1) & ArgType.Write) != 0;
                return MemoryArgs.CheckSized(w, regno, fills, zeroAllowed: (arg & ArgType.BaseMask) == ArgType.ConstSizeOrZero, meta);
            case ArgType.ConstAllocSizeOrZero:
                if (!reg.Bounds.IsConst)
                    return Refuse(w, $"R{regno} is not a known constant'\n");
                meta.MemSize = (uint)reg.Bounds.Tnum.Value;
                return w.Precision.Mark(regno);
            case ArgType.PtrToConstStr:
                return ConstStrings.Check(w, regno);
            case ArgType.PtrToCtx or ArgType.PtrToRingbufMem or ArgType.PtrToStack or ArgType.PtrToSockCommon or ArgType.PtrToSocket:
                return 0;
            default:
                return w.Env.Gap($"helper arguments of kind {arg & ArgType.BaseMask}");
        }
    }

    private static int Refuse(Walker w, string message)
    {
        w.Log.Write(message);
        return -Errno.EACCES;
    }
}
