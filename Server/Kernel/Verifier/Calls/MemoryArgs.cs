using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Access;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>Memory that a callee reads or writes through a register. As check_helper_mem_access, check_mem_size_reg and check_mem_reg (6.18).</summary>
internal static class MemoryArgs
{
    /// <summary>Largest size of a variable access (BPF_MAX_VAR_SIZ).</summary>
    private const ulong MaxVariableSize = 1 << 29;

    /// <summary>Whether [reg, reg + size) may be read (or written).</summary>
    /// <param name="meta">Set where stack memory may be uninitialised: then it learns what the helper fills.</param>
    public static int Check(Walker w, int regno, int size, bool write, bool zeroAllowed, CallMeta? meta)
    {
        ref RegState reg = ref w.Regs[regno];
        switch (reg.Type.Base())
        {
            case RegType.PtrToPacket or RegType.PtrToPacketMeta:
                return PacketAccess.Check(w, regno, reg.Off, size, zeroAllowed);
            case RegType.PtrToMapKey:
                if (write)
                    return Refuse(w, $"R{regno} cannot write into {reg.Type.Text()}\n");
                return MemAccess.CheckRegion(w, regno, reg.Off, size, (int)reg.Map!.KeySize, false);
            case RegType.PtrToMapValue:
                return MapAccess.Check(w, regno, reg.Off, size, zeroAllowed, write);
            case RegType.PtrToMem:
                if (reg.Type.IsReadOnlyMem() && write)
                    return Refuse(w, $"R{regno} cannot write into {reg.Type.Text()}\n");
                return MemAccess.CheckRegion(w, regno, reg.Off, size, (int)reg.MemSize, zeroAllowed);
            case RegType.PtrToStack:
                return StackAccess.CheckRange(w, regno, reg.Off, size, zeroAllowed, write, meta);
            case RegType.PtrToBuf or RegType.PtrToBtfId:
                return w.Env.Gap($"helper memory behind {reg.Type.Text()} pointers");
            case RegType.PtrToCtx when !w.Env.Request.Program.Type.ConvertsContext:
                if (size == 0)
                    return zeroAllowed ? 0 : -Errno.EACCES;
                return MemAccess.Check(w, w.InsnIdx, regno, size - 1, 1, write, -1, false, false);
            default:
                if (zeroAllowed && size == 0 && reg.IsNull)
                    return 0;
                return Refuse(w, $"R{regno} type={reg.Type.Text()} expected={RegType.PtrToStack.Text()}\n");
        }
    }

    /// <summary>A size in a register, for the memory that the register before it points to.</summary>
    public static int CheckSized(Walker w, int regno, bool write, bool zeroAllowed, CallMeta meta)
    {
        ref RegState reg = ref w.Regs[regno];
        meta.MaxSize = reg.Bounds.UMax;
        // A size that varies leaves part of the memory untouched: it must be initialised then.
        CallMeta? raw = reg.Bounds.IsConst ? meta : null;
        if (reg.Bounds.SMin < 0)
            return Refuse(w, $"R{regno} min value is negative, either use unsigned or 'var &= const'\n");
        if (reg.Bounds.UMin == 0 && !zeroAllowed)
            return Refuse(w, $"R{regno} invalid zero-sized read: u64=[{(long)reg.Bounds.UMin},{(long)reg.Bounds.UMax}]\n");
        if (reg.Bounds.UMax >= MaxVariableSize)
            return Refuse(w, $"R{regno} unbounded memory access, use 'var &= const' or 'if (var < const)'\n");
        int error = Check(w, regno - 1, (int)reg.Bounds.UMax, write, zeroAllowed, raw);
        return error != 0 ? error : w.Precision.Mark(regno);
    }

    /// <summary>Memory of a fixed size that a global function may read and write; null passes.</summary>
    public static int CheckShared(Walker w, int regno, uint size)
    {
        if (w.Regs[regno].IsNull)
            return 0;
        RegState saved = w.Regs[regno];
        bool mayBeNull = saved.Type.MayBeNull();
        if (mayBeNull)
            w.Regs[regno].Type &= ~RegType.MaybeNull;
        int error = Check(w, regno, (int)size, write: false, zeroAllowed: true, null);
        if (error == 0)
            error = Check(w, regno, (int)size, write: true, zeroAllowed: true, null);
        if (mayBeNull)
            w.Regs[regno] = saved;
        return error;
    }

    private static int Refuse(Walker w, string message)
    {
        w.Log.Write(message);
        return -Errno.EACCES;
    }
}
