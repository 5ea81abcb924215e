using System.Collections.Frozen;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// Helpers that many program types share, with the capabilities they need, as bpf_base_func_proto and bpf_tracing_func_proto (6.18). The sets were
/// read off a running 6.18 by loading a call of each helper in each type.
/// </summary>
internal static class HelperSets
{
    private static readonly FrozenSet<BpfFuncId> Free = Set(
    [

    ]);

    private static readonly FrozenSet<BpfFuncId> NeedsBpf = Set(
    [
        BpfFuncId.MapLookupElem, BpfFuncId.MapUpdateElem, BpfFuncId.MapDeleteElem, BpfFuncId.KtimeGetNs, BpfFuncId.GetPrandomU32,
        BpfFuncId.GetSmpProcessorId, BpfFuncId.TailCall, BpfFuncId.GetCurrentPidTgid, BpfFuncId.GetCurrentUidGid, BpfFuncId.GetCgroupClassid,
        BpfFuncId.PerfEventOutput, BpfFuncId.CurrentTaskUnderCgroup, BpfFuncId.GetNumaNodeId, BpfFuncId.GetCurrentCgroupId, BpfFuncId.MapPushElem,
        BpfFuncId.MapPopElem, BpfFuncId.MapPeekElem, BpfFuncId.SpinLock, BpfFuncId.SpinUnlock, BpfFuncId.Strtol, BpfFuncId.Strtoul,
        BpfFuncId.Jiffies64, BpfFuncId.GetNsCurrentPidTgid, BpfFuncId.GetCurrentAncestorCgroupId, BpfFuncId.KtimeGetBootNs, BpfFuncId.RingbufOutput,
        BpfFuncId.RingbufReserve, BpfFuncId.RingbufSubmit, BpfFuncId.RingbufDiscard, BpfFuncId.RingbufQuery, BpfFuncId.PerCpuPtr,
        BpfFuncId.ThisCpuPtr, BpfFuncId.TaskStorageGet, BpfFuncId.TaskStorageDelete, BpfFuncId.ForEachMapElem, BpfFuncId.TimerInit,
        BpfFuncId.TimerSetCallback, BpfFuncId.TimerStart, BpfFuncId.TimerCancel, BpfFuncId.Loop, BpfFuncId.Strncmp, BpfFuncId.KptrXchg,
        BpfFuncId.MapLookupPercpuElem, BpfFuncId.DynptrFromMem, BpfFuncId.RingbufReserveDynptr, BpfFuncId.RingbufSubmitDynptr,
        BpfFuncId.RingbufDiscardDynptr, BpfFuncId.DynptrRead, BpfFuncId.DynptrWrite, BpfFuncId.DynptrData, BpfFuncId.KtimeGetTaiNs,
        BpfFuncId.UserRingbufDrain, BpfFuncId.CgrpStorageGet, BpfFuncId.CgrpStorageDelete,
    ]);

    private static readonly FrozenSet<BpfFuncId> NeedsPerfmon = Set(
    [
        BpfFuncId.TracePrintk, BpfFuncId.GetCurrentComm, BpfFuncId.PerfEventRead, BpfFuncId.GetCurrentTask, BpfFuncId.PerfEventReadValue,
        BpfFuncId.SendSignal, BpfFuncId.ProbeReadUser, BpfFuncId.ProbeReadKernel, BpfFuncId.ProbeReadUserStr, BpfFuncId.ProbeReadKernelStr,
        BpfFuncId.SendSignalThread, BpfFuncId.GetTaskStack, BpfFuncId.CopyFromUser, BpfFuncId.SnprintfBtf, BpfFuncId.GetCurrentTaskBtf,
        BpfFuncId.Snprintf, BpfFuncId.TaskPtRegs, BpfFuncId.GetBranchSnapshot, BpfFuncId.TraceVprintk, BpfFuncId.FindVma, BpfFuncId.CopyFromUserTask,
    ]);

    /// <summary>What tracing programs have beside the base.</summary>
    public static FrozenSet<BpfFuncId> Tracing { get; } = Set(
    [
        BpfFuncId.ProbeRead, BpfFuncId.GetStackid, BpfFuncId.ProbeReadStr, BpfFuncId.GetStack, BpfFuncId.GetFuncIp, BpfFuncId.GetAttachCookie,
    ]);

    public static FrozenSet<BpfFuncId> Set(IEnumerable<BpfFuncId> ids) => ids.ToFrozenSet();

    /// <summary>The helper where the base or one of the extra sets has it and the loader's capabilities allow it.</summary>
    public static HelperProto? Find(BpfFuncId id, ProgramFacts program, params ReadOnlySpan<FrozenSet<BpfFuncId>> extras)
    {
        bool allowed = Free.Contains(id)
            || (program.BpfCapable && (NeedsBpf.Contains(id) || (program.PerfmonCapable && NeedsPerfmon.Contains(id))));
        foreach (FrozenSet<BpfFuncId> extra in extras)
            allowed |= extra.Contains(id);
        return allowed ? HelperRegistry.Proto(id) : null;
    }
}
