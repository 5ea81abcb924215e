using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>What a program at a sysctl may read and set: prototypes of kernel/bpf/cgroup.c, 6.18.</summary>
[BpfHelpers]
public static class SysctlHelpers
{
    public static readonly HelperProto SysctlGetName = new(BpfFuncId.SysctlGetName, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Write,
        Arg3 = ArgType.ConstSize,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SysctlGetCurrentValue = new(BpfFuncId.SysctlGetCurrentValue, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto SysctlGetNewValue = new(BpfFuncId.SysctlGetNewValue, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto SysctlSetNewValue = new(BpfFuncId.SysctlSetNewValue, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
    };
}
