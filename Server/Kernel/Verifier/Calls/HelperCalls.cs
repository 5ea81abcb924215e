using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Access;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>
/// A call of a helper: may this program call it, do the arguments fit, what is known afterwards. As check_helper_call in
/// kernel/bpf/verifier.c (6.18), in its order.
/// </summary>
internal static class HelperCalls
{
    /// <summary>One past the last helper (__BPF_FUNC_MAX_ID).</summary>
    private const int MaxHelper = 212;

    private const int MaxArgs = 5;

    public static int Check(Walker w, Insn insn)
    {
        int insnIdx = w.InsnIdx;
        int error = FindProto(w, insn.Imm, out HelperProto? proto);
        if (proto is null)
            return error;
        if (!w.Env.Request.Program.GplCompatible && proto.GplOnly)
            return Refuse(w, "cannot call GPL-restricted function from non-GPL compatible program\n");
        if (proto.MightSleep && !w.Current.InSleepable)
            return Refuse(w, "helper call might sleep in a non-sleepable prog\n");
        if (!w.Current.InSleepable)
            w.Env.Aux[insnIdx].Flags |= InsnAuxFlags.NonSleepable;

        var meta = new CallMeta { Func = proto.Id, PktAccess = proto.PktAccess };
        for (int i = 0; i < MaxArgs && error == 0; i++)
            error = HelperArgs.Check(w, i, proto, meta);
        if (error == 0)
            error = MapCalls.RecordMap(w, meta, insnIdx);
        if (error == 0)
            error = MapCalls.RecordKey(w, meta, insnIdx);

        // The helper fills this memory: every byte of it is data afterwards.
        for (int i = 0; i < meta.AccessSize && error == 0; i++)
            error = MemAccess.Check(w, insnIdx, meta.Regno, i, 1, true, -1, false, false);
        if (error == 0)
            error = Release(w, meta);
        if (error == 0)
            error = Special(w, meta, insnIdx);
        if (error != 0)
            return error;

        Registers.ClearCallerSaved(w, w.Frame);
        error = HelperResults.Set(w, proto, meta, insnIdx);
        if (error == 0)
            error = MapCalls.CheckTogether(w, meta.Map, proto.Id);
        if (error != 0)
            return error;
        // A tail call that is not made leaves the packet as it is.
        if (proto.ChangesPacketData && proto.Id != BpfFuncId.TailCall)
            Registers.ClearPacketPointers(w);

        return 0;
    }

    private static int FindProto(Walker w, int id, out HelperProto? proto)
    {
        proto = null;
        string name = $"{HelperNames.OfOrUnknown(id)}#{id}";
        if (id is < 0 or >= MaxHelper)
            return Refuse(w, $"invalid func {name}\n");
        if (id != 0 && HelperRegistry.Proto((BpfFuncId)id) is null)
            return w.Env.Gap($"helper {HelperNames.OfOrUnknown(id)}");
        proto = Flow.Helper(w.Env, id);
        return proto is null ? Refuse(w, $"program of this type cannot use helper {name}\n") : 0;
    }

    private static int Release(Walker w, CallMeta meta)
    {
        if (meta.ReleaseRegno == 0)
            return 0;
        bool released = meta.RefObjId != 0 ? Registers.Release(w, meta.RefObjId) : w.Regs[meta.ReleaseRegno].IsNull;
        return released ? 0 : Refuse(w, $"func {HelperNames.OfOrUnknown((int)meta.Func)}#{(int)meta.Func} reference has not been acquired before\n");
    }

    // What single helpers ask for beyond their prototype.
    private static int Special(Walker w, CallMeta meta, int insnIdx)
    {
        switch (meta.Func)
        {
            case BpfFuncId.TailCall:
                return ReturnCodes.CheckLeaks(w, "tail_call");
            case BpfFuncId.GetLocalStorage when !w.Regs[Op.R2].IsNull:
                return Refuse(w, "get_local_storage() doesn't support non-zero flags\n");
            case BpfFuncId.ForEachMapElem:
                return Callbacks.PushForEach(w, meta, insnIdx);
            case BpfFuncId.Loop:
                return Callbacks.PushLoop(w, meta, insnIdx);
            case BpfFuncId.Snprintf:
                return ConstStrings.CheckFormat(w);
            case BpfFuncId.TimerSetCallback or BpfFuncId.FindVma or BpfFuncId.UserRingbufDrain or BpfFuncId.KptrXchg:
                return w.Env.Gap($"helper {HelperNames.OfOrUnknown((int)meta.Func)}");
            default:
                return 0;
        }
    }

    private static int Refuse(Walker w, string message)
    {
        w.Log.Write(message);
        return -Errno.EINVAL;
    }
}
