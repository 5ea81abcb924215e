using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>The current task, as kernel/bpf/helpers.c and kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfHelpers]
public static class TaskHelpers
{
    public static readonly HelperProto GetCurrentPidTgid = new(BpfFuncId.GetCurrentPidTgid, RetType.Integer);

    public static readonly HelperProto GetCurrentUidGid = new(BpfFuncId.GetCurrentUidGid, RetType.Integer);

    public static readonly HelperProto GetCurrentComm = new(BpfFuncId.GetCurrentComm, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSize,
    };

    public static readonly HelperProto GetNsCurrentPidTgid = new(BpfFuncId.GetNsCurrentPidTgid, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto GetCurrentTask = new(BpfFuncId.GetCurrentTask, RetType.Integer)
    {
        GplOnly = true,
    };

    public static readonly HelperProto GetCurrentTaskBtf = new(BpfFuncId.GetCurrentTaskBtf, RetType.PtrToBtfId | RetType.Trusted)
    {
        GplOnly = true,
        RetTypeName = "task_struct",
    };

    public static readonly HelperProto TaskPtRegs = new(BpfFuncId.TaskPtRegs, RetType.PtrToBtfId)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "task_struct",
        RetTypeName = "pt_regs",
    };

    public static readonly HelperProto CurrentTaskUnderCgroup = new(BpfFuncId.CurrentTaskUnderCgroup, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto SendSignal = new(BpfFuncId.SendSignal, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
    };

    public static readonly HelperProto SendSignalThread = new(BpfFuncId.SendSignalThread, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
    };

    public static readonly HelperProto FindVma = new(BpfFuncId.FindVma, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "task_struct",
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToFunc,
        Arg4 = ArgType.PtrToStack | ArgType.MaybeNull,
        Arg5 = ArgType.Anything,
    };

    public static ulong GetCurrentPidTgidCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) =>
        ((ulong)run.Services.CurrentTask.Tgid << 32) | run.Services.CurrentTask.Pid;

    public static ulong GetCurrentUidGidCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) =>
        ((ulong)run.Services.CurrentTask.Gid << 32) | run.Services.CurrentTask.Uid;

    public static ulong GetCurrentCommCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var target = HelperMemory.Bytes(run, r1, r2);
        target.Clear();
        string comm = run.Services.CurrentTask.Comm;
        for (int i = 0; i < Math.Min(comm.Length, target.Length - 1); i++)
            target[i] = (byte)comm[i];
        return 0;
    }
}
