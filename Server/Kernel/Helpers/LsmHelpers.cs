using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Files and measurements seen by security hooks: prototypes of kernel/bpf/bpf_lsm.c and kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfHelpers]
public static class LsmHelpers
{
    public static readonly HelperProto DPath = new(BpfFuncId.DPath, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "path",
        Arg2 = ArgType.PtrToMem | ArgType.Write,
        Arg3 = ArgType.ConstSizeOrZero,
    };

    public static readonly HelperProto BprmOptsSet = new(BpfFuncId.BprmOptsSet, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "linux_binprm",
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto ImaInodeHash = new(BpfFuncId.ImaInodeHash, RetType.Integer)
    {
        MightSleep = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "inode",
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto ImaFileHash = new(BpfFuncId.ImaFileHash, RetType.Integer)
    {
        MightSleep = true,
        Arg1 = ArgType.PtrToBtfId,
        Arg1Type = "file",
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
    };
}
