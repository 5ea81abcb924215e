using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Pointers to kernel objects: prototypes of kernel/bpf/helpers.c, 6.18.</summary>
[BpfHelpers]
public static class KernelObjectHelpers
{
    public static readonly HelperProto KptrXchg = new(BpfFuncId.KptrXchg, RetType.PtrToBtfId | RetType.MaybeNull)
    {
        Arg1 = ArgType.KptrXchgDest,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull | ArgType.Release,
    };

    public static readonly HelperProto PerCpuPtr = new(BpfFuncId.PerCpuPtr, RetType.PtrToMemOrBtfId | RetType.MaybeNull | RetType.RdOnly)
    {
        Arg1 = ArgType.PtrToPercpuBtfId,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto ThisCpuPtr = new(BpfFuncId.ThisCpuPtr, RetType.PtrToMemOrBtfId | RetType.RdOnly)
    {
        Arg1 = ArgType.PtrToPercpuBtfId,
    };
}
