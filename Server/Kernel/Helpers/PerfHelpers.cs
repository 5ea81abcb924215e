using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Perf events and stack traces: prototypes of kernel/trace/bpf_trace.c and kernel/bpf/stackmap.c, 6.18.</summary>
[BpfHelpers]
public static class PerfHelpers
{
    public static readonly HelperProto PerfEventRead = new(BpfFuncId.PerfEventRead, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto PerfEventReadValue = new(BpfFuncId.PerfEventReadValue, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto PerfProgReadValue = new(BpfFuncId.PerfProgReadValue, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto GetStackid = new(BpfFuncId.GetStackid, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto GetStack = new(BpfFuncId.GetStack, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto GetTaskStack = new(BpfFuncId.GetTaskStack, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "task_struct",
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto ReadBranchRecords = new(BpfFuncId.ReadBranchRecords, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.Write,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto GetBranchSnapshot = new(BpfFuncId.GetBranchSnapshot, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto SkbOutput = new(BpfFuncId.SkbOutput, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "sk_buff",
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto XdpOutput = new(BpfFuncId.XdpOutput, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "xdp_buff",
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSizeOrZero,
    };
}
