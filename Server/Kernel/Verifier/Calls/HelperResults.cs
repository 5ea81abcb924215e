using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>What R0 holds after a helper call, as the second half of check_helper_call (6.18).</summary>
internal static class HelperResults
{
    private const int MaxErrno = 4095;

    public static int Set(Walker w, HelperProto proto, CallMeta meta, int insnIdx)
    {
        ref RegState r0 = ref w.Regs[Op.R0];
        r0.SubregDef = 0;
        RegType flags = Flags(proto.Ret);
        switch (proto.Ret & RetType.BaseMask)
        {
            case RetType.Integer:
                Registers.SetUnknown(w, ref r0);
                break;
            case RetType.Void:
                r0.Type = RegType.NotInit;
                break;
            case RetType.PtrToMapValue:
                if (MapCalls.LooksUpSurely(meta))
                    flags &= ~RegType.MaybeNull;
                Pointer(w, ref r0, RegType.PtrToMapValue | flags);
                r0.Map = meta.Map;
                r0.MapUid = meta.MapUid;
                break;
            case RetType.PtrToMem:
                Pointer(w, ref r0, RegType.PtrToMem | flags);
                r0.Range = (int)meta.MemSize;
                break;
            case RetType.PtrToSocket:
                Pointer(w, ref r0, RegType.PtrToSocket | flags);
                break;
            case RetType.PtrToSockCommon:
                Pointer(w, ref r0, RegType.PtrToSockCommon | flags);
                break;
            case RetType.PtrToTcpSock:
                Pointer(w, ref r0, RegType.PtrToTcpSock | flags);
                break;
            default:
                return w.Env.Gap($"helper results of kind {proto.Ret & RetType.BaseMask}");
        }

        if (r0.Type.MayBeNull())
            r0.Id = w.NextId();
        if (meta.Func is BpfFuncId.SkFullsock or BpfFuncId.TcpSock or BpfFuncId.SkcToTcpSock)
            r0.RefObjId = meta.RefObjId;
        else if (Acquires(meta.Func))
            r0.Id = r0.RefObjId = Registers.Acquire(w, insnIdx);
        if (proto.Ret == RetType.Integer)
            Refine(w, ref r0, meta);
        return 0;
    }

    /// <summary>Helpers whose result must be given back (is_acquire_function).</summary>
    public static bool Acquires(BpfFuncId func) =>
        func is BpfFuncId.RingbufReserve or BpfFuncId.SkLookupTcp or BpfFuncId.SkLookupUdp or BpfFuncId.SkcLookupTcp;

    // do_refine_retval_range.
    private static void Refine(Walker w, ref RegState r0, CallMeta meta)
    {
        switch (meta.Func)
        {
            case BpfFuncId.GetStack or BpfFuncId.GetTaskStack or BpfFuncId.ProbeReadStr or BpfFuncId.ProbeReadKernelStr
                or BpfFuncId.ProbeReadUserStr:
                r0.Bounds.SMax = (long)meta.MaxSize;
                r0.Bounds.S32Max = (int)meta.MaxSize;
                r0.Bounds.SMin = -MaxErrno;
                r0.Bounds.S32Min = -MaxErrno;
                r0.Bounds.Sync();
                break;
            case BpfFuncId.GetSmpProcessorId:
                int last = w.Env.Request.Environment.Cpus - 1;
                r0.Bounds.UMax = r0.Bounds.U32Max = (uint)last;
                r0.Bounds.SMax = r0.Bounds.S32Max = last;
                r0.Bounds.UMin = r0.Bounds.U32Min = 0;
                r0.Bounds.SMin = r0.Bounds.S32Min = 0;
                r0.Bounds.Sync();
                break;
        }

        if (r0.Bounds.Sanity() is { } violation)
        {
            w.Log.Write(r0.Bounds.SanityMessage("retval", violation) + "\n");
            r0.Bounds.SetUnbounded();
        }
    }

    private static void Pointer(Walker w, ref RegState reg, RegType type)
    {
        Registers.SetKnownZero(ref reg, type);
        reg.FrameNo = 0;
        reg.Precise = false;
        w.Scratch.MarkReg(Op.R0);
    }

    private static RegType Flags(RetType ret) =>
        ((ret & RetType.MaybeNull) != 0 ? RegType.MaybeNull : 0) | ((ret & RetType.RdOnly) != 0 ? RegType.RdOnly : 0)
        | ((ret & RetType.Ringbuf) != 0 ? RegType.Ringbuf : 0) | ((ret & RetType.Trusted) != 0 ? RegType.Trusted : 0);
}
