using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// The helpers that every program type has, in tiers: what anybody may call, what needs CAP_BPF and what needs CAP_PERFMON beside it. As bpf_base_func_proto in
/// kernel/bpf/helpers.c, 6.18 (with all its options of cgroups, perf events and networking set).
/// </summary>
public static class BaseHelpers
{
    private static readonly HelperTable Everybody = new(
        MapElementHelpers.MapLookupElem, MapElementHelpers.MapUpdateElem, MapElementHelpers.MapDeleteElem, MapElementHelpers.MapLookupPercpuElem,
        MapQueueHelpers.MapPushElem, MapQueueHelpers.MapPopElem, MapQueueHelpers.MapPeekElem,
        CpuHelpers.GetPrandomU32, CpuHelpers.GetSmpProcessorId, CpuHelpers.GetNumaNodeId,
        TailCallHelper.TailCall,
        TimeHelpers.KtimeGetNs, TimeHelpers.KtimeGetBootNs, TimeHelpers.KtimeGetTaiNs,
        RingbufHelpers.RingbufOutput, RingbufHelpers.RingbufReserve, RingbufHelpers.RingbufSubmit, RingbufHelpers.RingbufDiscard, RingbufHelpers.RingbufQuery,
        StringHelpers.Strncmp, StringHelpers.Strtol, StringHelpers.Strtoul,
        TaskHelpers.GetCurrentPidTgid, TaskHelpers.GetNsCurrentPidTgid, TaskHelpers.GetCurrentUidGid);

    private static readonly HelperTable WithBpf = new(
        SpinLockHelpers.SpinLock, SpinLockHelpers.SpinUnlock,
        TimeHelpers.Jiffies64,
        KernelObjectHelpers.PerCpuPtr, KernelObjectHelpers.ThisCpuPtr, KernelObjectHelpers.KptrXchg,
        TimerHelpers.TimerInit, TimerHelpers.TimerSetCallback, TimerHelpers.TimerStart, TimerHelpers.TimerCancel,
        ForEachMapElemHelper.ForEachMapElem, LoopHelper.Loop,
        DynptrHelpers.UserRingbufDrain, DynptrHelpers.RingbufReserveDynptr, DynptrHelpers.RingbufSubmitDynptr, DynptrHelpers.RingbufDiscardDynptr,
        DynptrHelpers.DynptrFromMem, DynptrHelpers.DynptrRead, DynptrHelpers.DynptrWrite, DynptrHelpers.DynptrData,
        StorageHelpers.TaskStorageGet, StorageHelpers.TaskStorageDelete, StorageHelpers.CgrpStorageGet, StorageHelpers.CgrpStorageDelete,
        CgroupHelpers.GetCurrentCgroupId, CgroupHelpers.GetCurrentAncestorCgroupId, TaskHelpers.CurrentTaskUnderCgroup,
        HelperVariants.CurrentCgroupClassid);

    private static readonly HelperTable WithPerfmon = new(
        TraceHelpers.TracePrintk, TraceHelpers.TraceVprintk,
        TaskHelpers.GetCurrentTask, TaskHelpers.GetCurrentTaskBtf, TaskHelpers.GetCurrentComm, TaskHelpers.TaskPtRegs, TaskHelpers.FindVma,
        TaskHelpers.SendSignal, TaskHelpers.SendSignalThread,
        ProbeReadHelpers.ProbeReadUser, ProbeReadHelpers.ProbeReadKernel, ProbeReadHelpers.ProbeReadUserStr, ProbeReadHelpers.ProbeReadKernelStr,
        ProbeReadHelpers.CopyFromUser, ProbeReadHelpers.CopyFromUserTask,
        FormatHelpers.Snprintf, FormatHelpers.SnprintfBtf,
        PerfHelpers.PerfEventRead, PerfHelpers.PerfEventReadValue, PerfHelpers.GetTaskStack, PerfHelpers.GetBranchSnapshot);

    /// <summary>The prototype, or null where the program may not call it.</summary>
    public static HelperProto? Find(BpfFuncId id, ProgramFacts program)
    {
        if (Everybody.Find(id) is { } open)
            return open;
        if (!program.BpfCapable)
            return null;
        return WithBpf.Find(id) ?? (program.PerfmonCapable ? WithPerfmon.Find(id) : null);
    }
}
