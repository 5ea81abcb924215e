using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Access;
using WebBpf.Kernel.Verifier.Calls;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Loads, stores, atomics and 64-bit immediates (check_load_mem, check_store_reg, check_atomic, check_ld_imm, check_ld_abs).</summary>
internal static class Loads
{
    public static int Load(Walker w, Insn insn, bool strict, bool signExtend, string context)
    {
        int error = w.CheckReg(insn.Src, RegUse.Source);
        if (error == 0)
            error = w.CheckReg(insn.Dst, RegUse.DestinationNoMark);
        if (error != 0)
            return error;
        RegType type = w.Regs[insn.Src].Type;
        error = MemAccess.Check(w, w.InsnIdx, insn.Src, insn.Off, Op.SizeBytes(insn.Code), write: false, insn.Dst, strict, signExtend);
        if (error == 0)
            error = SavePointerType(w, type);
        return error != 0 ? error : Alu.Sane(w, ref w.Regs[insn.Dst], context);
    }

    public static int StoreRegister(Walker w, Insn insn, bool strict)
    {
        int error = w.CheckReg(insn.Src, RegUse.Source);
        if (error == 0)
            error = w.CheckReg(insn.Dst, RegUse.Source);
        if (error != 0)
            return error;
        RegType type = w.Regs[insn.Dst].Type;
        error = MemAccess.Check(w, w.InsnIdx, insn.Dst, insn.Off, Op.SizeBytes(insn.Code), write: true, insn.Src, strict, signExtend: false);
        return error != 0 ? error : SavePointerType(w, type);
    }

    public static int StoreImmediate(Walker w, Insn insn)
    {
        if (Op.Mode(insn.Code) != Op.Mem || insn.Src != 0)
            return Refuse(w, "BPF_ST uses reserved fields\n");
        int error = w.CheckReg(insn.Dst, RegUse.Source);
        if (error != 0)
            return error;
        RegType type = w.Regs[insn.Dst].Type;
        error = MemAccess.Check(w, w.InsnIdx, insn.Dst, insn.Off, Op.SizeBytes(insn.Code), write: true, -1, strictOnce: false, signExtend: false);
        return error != 0 ? error : SavePointerType(w, type);
    }

    public static int Atomic(Walker w, Insn insn)
    {
        switch (insn.Imm)
        {
            case Op.Add or Op.And or Op.Or or Op.Xor or Op.Add | Op.Fetch or Op.And | Op.Fetch or Op.Or | Op.Fetch or Op.Xor | Op.Fetch or Op.Xchg or Op.Cmpxchg:
                return ReadModifyWrite(w, insn);
            case Op.LoadAcquire:
                int error = w.CheckReg(insn.Src, RegUse.Source);
                if (error != 0)
                    return error;
                return AtomicAllowed(w, insn.Src) ? Load(w, insn, strict: true, signExtend: false, "atomic_load")
                    : Refuse(w, $"BPF_ATOMIC loads from R{insn.Src} {w.Regs[insn.Src].Type.Text()} is not allowed\n", -Errno.EACCES);
            case Op.StoreRelease:
                error = w.CheckReg(insn.Dst, RegUse.Source);
                if (error != 0)
                    return error;
                return AtomicAllowed(w, insn.Dst) ? StoreRegister(w, insn, strict: true)
                    : Refuse(w, $"BPF_ATOMIC stores into R{insn.Dst} {w.Regs[insn.Dst].Type.Text()} is not allowed\n", -Errno.EACCES);
            default:
                return Refuse(w, $"BPF_ATOMIC uses invalid atomic opcode {insn.Imm:x2}\n");
        }
    }

    public static int LegacyPacket(Walker w, Insn insn)
    {
        if (!w.Env.Request.Program.Type.LegacyPacketLoads)
            return Refuse(w, "BPF_LD_[ABS|IND] instructions not allowed for this program type\n");
        bool indirect = Op.Mode(insn.Code) == Op.Ind;
        if (insn.Dst != 0 || insn.Off != 0 || Op.SizeField(insn.Code) == Op.DW || (!indirect && insn.Src != 0))
            return Refuse(w, "BPF_LD_[ABS|IND] uses reserved fields\n");
        int error = w.CheckReg(Op.R6, RegUse.Source);
        if (error == 0)
            error = ReturnCodes.CheckLeaks(w, "BPF_LD_[ABS|IND]");
        if (error != 0)
            return error;
        if (w.Regs[Op.R6].Type != RegType.PtrToCtx)
            return Refuse(w, "at the time of BPF_LD_ABS|IND R6 != pointer to skb\n");
        error = indirect ? w.CheckReg(insn.Src, RegUse.Source) : 0;
        if (error == 0)
            error = PointerChecks.CheckCtxReg(w, Op.R6);
        if (error != 0)
            return error;
        Registers.ClearCallerSaved(w, w.Frame);
        w.MarkUnknown(ref w.Regs[Op.R0]);
        return 0;
    }

    public static int Immediate(Walker w, Insn insn)
    {
        if (Op.SizeField(insn.Code) != Op.DW)
            return Refuse(w, "invalid BPF_LD_IMM insn\n");
        if (insn.Off != 0)
            return Refuse(w, "BPF_LD_IMM64 uses reserved fields\n");
        int error = w.CheckReg(insn.Dst, RegUse.Destination);
        if (error != 0)
            return error;
        ref RegState dst = ref w.Regs[insn.Dst];
        dst = default;
        dst.SetKnown(0);
        InsnAux aux = w.Env.Aux[w.InsnIdx];
        switch (insn.Src)
        {
            case 0:
                dst.SetConst((uint)insn.Imm | ((ulong)(uint)w.Env.Insns[w.InsnIdx + 1].Imm << 32));
                return 0;
            case Op.PseudoFunc:
                return Callback(w, insn, ref dst);
            case Op.PseudoMapFd or Op.PseudoMapIdx:
                dst.Type = RegType.ConstPtrToMap;
                dst.Map = w.Env.UsedMaps[aux.MapIndex];
                return 0;
            case Op.PseudoMapValue or Op.PseudoMapIdxValue:
                dst.Type = RegType.PtrToMapValue;
                dst.Map = w.Env.UsedMaps[aux.MapIndex];
                dst.Off = (int)aux.MapOffset;
                return 0;
            default:
                return w.Env.Gap("addresses of kernel variables (BPF_PSEUDO_BTF_ID)");
        }
    }

    private static int Callback(Walker w, Insn insn, ref RegState dst)
    {
        int subprog = w.Env.FindSubprog(w.InsnIdx + insn.Imm + 1);
        if (w.Env.FuncInfos.Length == 0)
            return Refuse(w, "missing btf func_info\n");
        if (w.Env.Subprogs[subprog].IsGlobal)
            return Refuse(w, "callback function not static\n");
        dst.Type = RegType.PtrToFunc;
        dst.Range = subprog;
        return 0;
    }

    private static int Refuse(Walker w, string message, int error = -Errno.EINVAL)
    {
        w.Log.Write(message);
        return error;
    }

    private static bool AtomicAllowed(Walker w, int regno) => w.Regs[regno].Type.Base() is not
        (RegType.PtrToCtx or RegType.PtrToPacket or RegType.PtrToPacketMeta or RegType.PtrToFlowKeys
        or RegType.PtrToSocket or RegType.PtrToSockCommon or RegType.PtrToTcpSock or RegType.PtrToXdpSock);

    private static int ReadModifyWrite(Walker w, Insn insn)
    {
        if (Op.SizeField(insn.Code) is not (Op.W or Op.DW))
            return Refuse(w, "invalid atomic operand size\n");
        int error = w.CheckReg(insn.Src, RegUse.Source);
        if (error == 0)
            error = w.CheckReg(insn.Dst, RegUse.Source);
        if (error == 0 && insn.Imm == Op.Cmpxchg)
        {
            error = w.CheckReg(Op.R0, RegUse.Source);
            if (error == 0 && w.IsPointer(Op.R0))
                return Refuse(w, "R0 leaks addr into mem\n", -Errno.EACCES);
        }

        if (error != 0)
            return error;
        if (w.IsPointer(insn.Src))
            return Refuse(w, $"R{insn.Src} leaks addr into mem\n", -Errno.EACCES);
        if (!AtomicAllowed(w, insn.Dst))
            return Refuse(w, $"BPF_ATOMIC stores into R{insn.Dst} {w.Regs[insn.Dst].Type.Text()} is not allowed\n", -Errno.EACCES);

        int loaded = -1;
        if ((insn.Imm & Op.Fetch) != 0)
        {
            loaded = insn.Imm == Op.Cmpxchg ? Op.R0 : insn.Src;
            error = w.CheckReg(loaded, RegUse.Destination);
            if (error != 0)
                return error;
        }

        // Readable as a number first; then, where the old value is fetched, the load itself; then the store.
        int size = Op.SizeBytes(insn.Code);
        RegType type = w.Regs[insn.Dst].Type;
        error = MemAccess.Check(w, w.InsnIdx, insn.Dst, insn.Off, size, write: false, -1, strictOnce: true, signExtend: false);
        if (error == 0 && loaded >= 0)
            error = MemAccess.Check(w, w.InsnIdx, insn.Dst, insn.Off, size, write: false, loaded, strictOnce: true, signExtend: false);
        if (error == 0)
            error = MemAccess.Check(w, w.InsnIdx, insn.Dst, insn.Off, size, write: true, -1, strictOnce: true, signExtend: false);
        return error != 0 ? error : SavePointerType(w, type);
    }

    /// <summary>An instruction must go through the same kind of pointer on all paths where kinds need rewriting (save_aux_ptr_type).</summary>
    private static int SavePointerType(Walker w, RegType type)
    {
        ref InsnAux aux = ref w.Env.Aux[w.InsnIdx];
        var previous = (RegType)aux.PtrType;
        if (previous == RegType.NotInit)
        {
            aux.PtrType = (uint)type;
            return 0;
        }

        if (previous == type || (!NeedsOneKind(previous) && !NeedsOneKind(type)))
            return 0;
        return Refuse(w, "same insn cannot be used with different pointers\n");
    }

    private static bool NeedsOneKind(RegType type) => type.Base() is
        RegType.PtrToCtx or RegType.PtrToSocket or RegType.PtrToSockCommon or RegType.PtrToTcpSock or RegType.PtrToXdpSock or RegType.PtrToBtfId or RegType.PtrToArena;
}
