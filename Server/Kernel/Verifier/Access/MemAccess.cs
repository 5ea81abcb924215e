using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Access;

/// <summary>A load or store through a register, by what it points to. As check_mem_access in kernel/bpf/verifier.c, 6.18.</summary>
internal static class MemAccess
{
    /// <param name="valueRegno">The register loaded or stored; -1 where none (immediates, atomics, helpers).</param>
    /// <param name="strictOnce">The access must be aligned whatever the flags say.</param>
    /// <param name="signExtend">A sign-extending load.</param>
    public static int Check(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno, bool strictOnce, bool signExtend)
    {
        ref RegState reg = ref w.Regs[regno];
        int error = PointerChecks.CheckAlignment(w, reg, off, size, strictOnce);
        if (error != 0)
            return error;
        off += reg.Off;
        error = reg.Type.Base() switch
        {
            RegType.PtrToMapKey => MapKey(w, regno, off, size, write, valueRegno),
            RegType.PtrToMapValue when !reg.Type.MayBeNull() => MapValue(w, insnIdx, regno, off, size, write, valueRegno, signExtend),
            RegType.PtrToMem => Memory(w, regno, off, size, write, valueRegno),
            RegType.PtrToCtx => Context(w, insnIdx, regno, off, size, write, valueRegno, signExtend),
            RegType.PtrToStack => Stack(w, insnIdx, regno, off, size, write, valueRegno),
            RegType.PtrToPacket or RegType.PtrToPacketMeta => Packet(w, regno, off, size, write, valueRegno),
            RegType.ConstPtrToMap when !reg.Type.MayBeNull() => w.Env.Gap("access to fields of a map through its pointer"),
            RegType.PtrToFlowKeys => w.Env.Gap("access to flow keys"),
            RegType.PtrToSocket or RegType.PtrToSockCommon or RegType.PtrToTcpSock or RegType.PtrToXdpSock when !reg.Type.MayBeNull() =>
                w.Env.Gap("access to fields of a socket"),
            RegType.PtrToBtfId or RegType.PtrToTpBuffer or RegType.PtrToBuf or RegType.PtrToArena => w.Env.Gap($"access through a pointer of kind {reg.Type.Text()}"),
            _ => Invalid(w, regno),
        };
        if (error != 0)
            return error;

        if (size < 8 && valueRegno >= 0 && !write && w.Regs[valueRegno].Type == RegType.Scalar)
        {
            if (signExtend)
                BoundsWidth.SignExtend64(ref w.Regs[valueRegno].Bounds, size);
            else
                BoundsWidth.Truncate(ref w.Regs[valueRegno].Bounds, size);
        }

        return 0;
    }

    private static int Invalid(Walker w, int regno)
    {
        w.Log.Write($"R{regno} invalid mem access '{w.Regs[regno].Type.Text()}'\n");
        return -Errno.EACCES;
    }

    private static bool Leaks(Walker w, bool write, int valueRegno, string where)
    {
        if (!write || valueRegno < 0 || !w.IsPointer(valueRegno))
            return false;
        w.Log.Write($"R{valueRegno} leaks addr into {where}\n");
        return true;
    }

    private static int MapKey(Walker w, int regno, int off, int size, bool write, int valueRegno)
    {
        if (write)
        {
            w.Log.Write($"write to change key R{regno} not allowed\n");
            return -Errno.EACCES;
        }

        int error = RegionAccess.Check(w, regno, off, size, w.Regs[regno].Map!.KeySize, zeroAllowed: false);
        if (error == 0 && valueRegno >= 0)
            w.MarkUnknown(ref w.Regs[valueRegno]);
        return error;
    }

    private static int MapValue(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno, bool signExtend)
    {
        if (Leaks(w, write, valueRegno, "map"))
            return -Errno.EACCES;
        int error = MapAccess.Check(w, regno, off, size, zeroAllowed: false, write);
        if (error != 0)
            return error;
        ref RegState reg = ref w.Regs[regno];
        if (write)
            w.Env.Aux[insnIdx].Flags |= InsnAuxFlags.StoresMapValue;
        if (write || valueRegno < 0)
            return 0;
        if (reg.Bounds.Tnum.IsConst && MapAccess.TryReadConstant(reg.Map!, off + (long)reg.Bounds.Tnum.Value, size, signExtend, out ulong value))
            w.Regs[valueRegno].SetConst(value);
        else
            w.MarkUnknown(ref w.Regs[valueRegno]);
        return 0;
    }

    private static int Memory(Walker w, int regno, int off, int size, bool write, int valueRegno)
    {
        ref RegState reg = ref w.Regs[regno];
        if (reg.Type.MayBeNull())
            return Invalid(w, regno);
        if (write && reg.Type.IsReadOnlyMem())
        {
            w.Log.Write($"R{regno} cannot write into {reg.Type.Text()}\n");
            return -Errno.EACCES;
        }

        if (Leaks(w, write, valueRegno, "mem"))
            return -Errno.EACCES;
        int error = RegionAccess.Check(w, regno, off, size, reg.MemSize, zeroAllowed: false);
        if (error == 0 && valueRegno >= 0 && !write)
            w.MarkUnknown(ref w.Regs[valueRegno]);
        return error;
    }

    private static int Context(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno, bool signExtend)
    {
        if (Leaks(w, write, valueRegno, "ctx"))
            return -Errno.EACCES;
        int error = PointerChecks.CheckUnmoved(w, w.Regs[regno], regno);
        if (error != 0)
            return error;
        var access = new CtxAccess { IsLdsx = signExtend };
        if (!w.Env.Request.Program.Type.IsValidAccess(off, size, write, w.Env.Request.Program, ref access))
        {
            w.Log.Write($"invalid bpf_context access off={off} size={size}\n");
            w.PrintSource(insnIdx);
            return -Errno.EACCES;
        }

        w.Env.Aux[insnIdx].CtxFieldSize = access.FieldSize;
        if (write || valueRegno < 0)
            return 0;
        ref RegState value = ref w.Regs[valueRegno];
        if (access.Kind == CtxLoad.Scalar)
        {
            w.MarkUnknown(ref value);
            return 0;
        }

        value = default;
        value.SetKnown(0);
        value.Type = access.Kind switch
        {
            CtxLoad.PacketData => RegType.PtrToPacket,
            CtxLoad.PacketMeta => RegType.PtrToPacketMeta,
            CtxLoad.PacketEnd => RegType.PtrToPacketEnd,
            CtxLoad.FlowKeys => RegType.PtrToFlowKeys,
            CtxLoad.SockCommonOrNull => RegType.PtrToSockCommon | RegType.MaybeNull,
            _ => RegType.PtrToSocket,
        };
        if (value.Type.MayBeNull())
            value.Id = w.NextId();
        return 0;
    }

    private static int Stack(Walker w, int insnIdx, int regno, int off, int size, bool write, int valueRegno)
    {
        int error = StackBounds.Check(w, regno, off, size, write);
        if (error != 0)
            return error;
        return write ? StackWrite.Check(w, regno, off, size, valueRegno, insnIdx) : StackRead.Check(w, regno, off, size, valueRegno);
    }

    private static int Packet(Walker w, int regno, int off, int size, bool write, int valueRegno)
    {
        if (write && !w.Env.Request.Program.Type.DirectPacketWrite)
        {
            w.Log.Write("cannot write into packet\n");
            return -Errno.EACCES;
        }

        if (write)
            w.SeenDirectWrite = true;
        if (Leaks(w, write, valueRegno, "packet"))
            return -Errno.EACCES;
        int error = PacketAccess.Check(w, regno, off, size, zeroAllowed: false);
        if (error == 0 && !write && valueRegno >= 0)
            w.MarkUnknown(ref w.Regs[valueRegno]);
        return error;
    }
}
