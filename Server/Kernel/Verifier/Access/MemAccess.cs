using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>One load or store, by the kind of the pointer it goes through. As check_mem_access in kernel/bpf/verifier.c (6.18).</summary>
internal static class MemAccess
{
    /// <summary>Offsets beyond count as unbounded (BPF_MAX_VAR_OFF).</summary>
    private const ulong MaxVariableOffset = 1 << 29;

    /// <summary>sizeof(struct bpf_flow_keys).</summary>
    private const int FlowKeysSize = 56;

    /// <param name="valueRegno">The register that is stored or loaded into; -1 for an unknown value or none.</param>
    /// <param name="strictOnce">The access must be aligned whatever the program asked for (atomics).</param>
    public static int Check(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno, bool strictOnce, bool signExtend)
    {
        int error = PointerChecks.CheckAlignment(w, regno, off, size, strictOnce);
        if (error != 0)
            return error;
        ref RegState reg = ref w.Regs[regno];
        off += reg.Off;
        bool stores = write && valueRegno >= 0;
        bool loads = !write && valueRegno >= 0;
        if (reg.Type == RegType.PtrToMapKey)
        {
            if (write)
                return Refuse(w, $"write to change key R{regno} not allowed\n");
            error = CheckRegion(w, regno, off, size, (int)reg.Map!.KeySize, false);
            if (error == 0 && loads)
                w.MarkUnknown(ref w.Regs[valueRegno]);
        }
        else if (reg.Type == RegType.PtrToMapValue)
        {
            error = MapValue(w, insnIdx, regno, off, size, write, valueRegno, signExtend);
        }
        else if (reg.Type.Base() == RegType.PtrToMem)
        {
            error = Memory(w, regno, off, size, write, valueRegno);
        }
        else if (reg.Type == RegType.PtrToCtx)
        {
            if (stores && w.IsPointer(valueRegno))
                return Refuse(w, $"R{valueRegno} leaks addr into ctx\n");
            error = Context(w, insnIdx, regno, off, size, write, valueRegno, signExtend);
        }
        else if (reg.Type == RegType.PtrToStack)
        {
            error = StackBounds.Check(w, regno, off, size, write);
            if (error == 0)
                error = write ? StackWrite.Check(w, insnIdx, regno, off, size, valueRegno) : StackRead.Check(w, regno, off, size, valueRegno);
        }
        else if (reg.Type.IsPacket())
        {
            if (write && !w.Env.Request.Program.Type.DirectPacketWrite)
                return Refuse(w, "cannot write into packet\n");
            w.SeenDirectWrite |= write;
            if (stores && w.IsPointer(valueRegno))
                return Refuse(w, $"R{valueRegno} leaks addr into packet\n");
            error = PacketAccess.Check(w, regno, off, size, false);
            if (error == 0 && loads)
                w.MarkUnknown(ref w.Regs[valueRegno]);
        }
        else if (reg.Type == RegType.PtrToFlowKeys)
        {
            if (stores && w.IsPointer(valueRegno))
                return Refuse(w, $"R{valueRegno} leaks addr into flow keys\n");
            if (off < 0 || (ulong)off + (ulong)size > FlowKeysSize)
                return Refuse(w, $"invalid access to flow keys off={off} size={size}\n");
            if (loads)
                w.MarkUnknown(ref w.Regs[valueRegno]);
        }
        else if (reg.Type.IsSocket() && !reg.Type.MayBeNull())
        {
            if (write)
                return Refuse(w, $"R{regno} cannot write into {reg.Type.Text()}\n");
            error = SocketAccess.Check(w, insnIdx, regno, off, size);
            if (error == 0 && loads)
                w.MarkUnknown(ref w.Regs[valueRegno]);
        }
        else if (reg.Type.Base() is RegType.PtrToBtfId or RegType.PtrToBuf or RegType.PtrToTpBuffer && !reg.Type.MayBeNull())
        {
            return w.Env.Gap($"accesses through {reg.Type.Text()} pointers");
        }
        else if (reg.Type == RegType.ConstPtrToMap)
        {
            error = MapFieldAccess.Check(w, insnIdx, regno, off, size, write, valueRegno);
        }
        else if (reg.Type == RegType.PtrToArena)
        {
            if (loads)
                w.MarkUnknown(ref w.Regs[valueRegno]);
        }
        else
        {
            return Refuse(w, $"R{regno} invalid mem access '{reg.Type.Text()}'\n");
        }

        if (error == 0 && loads && size < 8 && w.Regs[valueRegno].Type == RegType.Scalar)
        {
            if (signExtend)
                BoundsWidth.SignExtend64(ref w.Regs[valueRegno].Bounds, size);
            else
                BoundsWidth.Truncate(ref w.Regs[valueRegno].Bounds, size);
        }

        return error;
    }

    /// <summary>[reg + off, + size) lies in a region of <paramref name="memSize"/> bytes for every value of the variable offset (check_mem_region_access).</summary>
    public static int CheckRegion(Walker w, int regno, int off, int size, int memSize, bool zeroAllowed)
    {
        Bounds bounds = w.Regs[regno].Bounds;
        if (bounds.SMin < 0 && (bounds.SMin == long.MinValue || off + bounds.SMin != (int)(off + bounds.SMin) || bounds.SMin + off < 0))
            return Refuse(w, $"R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.\n");
        int error = CheckFixed(w, regno, (int)(bounds.SMin + off), size, memSize, zeroAllowed);
        if (error != 0)
        {
            w.Log.Write($"R{regno} min value is outside of the allowed memory range\n");
            return error;
        }

        if (bounds.UMax >= MaxVariableOffset)
            return Refuse(w, $"R{regno} unbounded memory access, make sure to bounds check any such access\n");
        error = CheckFixed(w, regno, (int)((long)bounds.UMax + off), size, memSize, zeroAllowed);
        if (error != 0)
            w.Log.Write($"R{regno} max value is outside of the allowed memory range\n");
        return error;
    }

    /// <summary>The same for one offset (__check_mem_access).</summary>
    public static int CheckFixed(Walker w, int regno, int off, int size, int memSize, bool zeroAllowed)
    {
        if (off >= 0 && (size > 0 || (size == 0 && zeroAllowed)) && (ulong)off + (ulong)size <= (uint)memSize)
            return 0;
        ref RegState reg = ref w.Regs[regno];
        return Refuse(w, reg.Type switch
        {
            RegType.PtrToMapKey => $"invalid access to map key, key_size={memSize} off={off} size={size}\n",
            RegType.PtrToMapValue => $"invalid access to map value, value_size={memSize} off={off} size={size}\n",
            RegType.PtrToPacket or RegType.PtrToPacketMeta or RegType.PtrToPacketEnd =>
                $"invalid access to packet, off={off} size={size}, R{regno}(id={reg.Id},off={off},r={memSize})\n",
            _ => $"invalid access to memory, mem_size={(uint)memSize} off={off} size={size}\n",
        });
    }

    private static int MapValue(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno, bool signExtend)
    {
        if (write && valueRegno >= 0 && w.IsPointer(valueRegno))
            return Refuse(w, $"R{valueRegno} leaks addr into map\n");
        int error = MapAccess.Check(w, regno, off, size, false, write);
        if (error != 0)
            return error;
        if (write)
        {
            w.Env.Aux[insnIdx].Flags |= InsnAuxFlags.StoresMapValue;
        }
        else if (valueRegno >= 0)
        {
            if (MapAccess.TryReadConst(w.Regs[regno], off, size, signExtend, out ulong value))
                w.Regs[valueRegno].SetConst(value);
            else
                w.MarkUnknown(ref w.Regs[valueRegno]);
        }

        return 0;
    }

    private static int Memory(Walker w, int regno, int off, int size, bool write, int valueRegno)
    {
        RegState reg = w.Regs[regno];
        if (reg.Type.MayBeNull())
            return Refuse(w, $"R{regno} invalid mem access '{reg.Type.Text()}'\n");
        if (write && reg.Type.IsReadOnlyMem())
            return Refuse(w, $"R{regno} cannot write into {reg.Type.Text()}\n");
        if (write && valueRegno >= 0 && w.IsPointer(valueRegno))
            return Refuse(w, $"R{valueRegno} leaks addr into mem\n");
        int error = CheckRegion(w, regno, off, size, (int)reg.MemSize, false);
        if (error == 0 && valueRegno >= 0 && !write)
            w.MarkUnknown(ref w.Regs[valueRegno]);
        return error;
    }

    private static int Context(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno, bool signExtend)
    {
        int error = PointerChecks.CheckCtxReg(w, regno);
        if (error != 0)
            return error;
        ProgramFacts program = w.Env.Request.Program;
        var access = new CtxAccess { IsLdsx = signExtend };
        if (!program.Type.IsValidAccess(off, size, write, program, ref access))
        {
            w.Log.Write($"invalid bpf_context access off={off} size={size}\n");
            w.PrintSource(insnIdx);
            return -Errno.EACCES;
        }

        w.Env.Aux[insnIdx].CtxFieldSize = access.FieldSize;
        w.Env.MaxCtxOffset = Math.Max(w.Env.MaxCtxOffset, off + size);
        if (write || valueRegno < 0)
            return 0;
        ref RegState value = ref w.Regs[valueRegno];
        RegType type = access.Kind switch
        {
            CtxLoad.Scalar => RegType.Scalar,
            CtxLoad.PacketData => RegType.PtrToPacket,
            CtxLoad.PacketEnd => RegType.PtrToPacketEnd,
            CtxLoad.PacketMeta => RegType.PtrToPacketMeta,
            CtxLoad.FlowKeys => RegType.PtrToFlowKeys,
            CtxLoad.SockCommonOrNull => RegType.PtrToSockCommon | RegType.MaybeNull,
            CtxLoad.SocketOrNull => RegType.PtrToSocket | RegType.MaybeNull,
            CtxLoad.TracepointBuffer => RegType.PtrToTpBuffer,
            _ => RegType.PtrToSocket,
        };
        if (type == RegType.Scalar)
        {
            w.MarkUnknown(ref value);
            return 0;
        }

        value.SetKnown(0);
        value.Type = type;
        value.SubregDef = 0;
        if (type.MayBeNull())
            value.Id = w.NextId();
        return 0;
    }

    private static int Refuse(Walker w, string message)
    {
        w.Log.Write(message);
        return -Errno.EACCES;
    }
}
