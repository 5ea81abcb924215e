using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>System calls made by programs: prototypes of kernel/bpf/syscall.c and btf.c, 6.18.</summary>
[BpfHelpers]
public static class SyscallHelpers
{
    public static readonly HelperProto SysBpf = new(BpfFuncId.SysBpf, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto BtfFindByNameKind = new(BpfFuncId.BtfFindByNameKind, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SysClose = new(BpfFuncId.SysClose, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
    };

    public static readonly HelperProto KallsymsLookupName = new(BpfFuncId.KallsymsLookupName, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg4Size = 8,
    };
}
