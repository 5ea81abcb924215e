using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Dynptrs: prototypes of kernel/bpf/helpers.c and ringbuf.c, 6.18.</summary>
[BpfHelpers]
public static class DynptrHelpers
{
    public static readonly HelperProto DynptrFromMem = new(BpfFuncId.DynptrFromMem, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToDynptr | ArgType.Uninit | ArgType.Write | ArgType.DynptrLocal,
    };

    public static readonly HelperProto DynptrRead = new(BpfFuncId.DynptrRead, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.PtrToDynptr | ArgType.RdOnly,
        Arg4 = ArgType.Anything,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto DynptrWrite = new(BpfFuncId.DynptrWrite, RetType.Integer)
    {
        Arg1 = ArgType.PtrToDynptr | ArgType.RdOnly,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSizeOrZero,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto DynptrData = new(BpfFuncId.DynptrData, RetType.PtrToMem | RetType.MaybeNull)
    {
        Arg1 = ArgType.PtrToDynptr | ArgType.RdOnly,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.ConstAllocSizeOrZero,
    };

    public static readonly HelperProto RingbufReserveDynptr = new(BpfFuncId.RingbufReserveDynptr, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToDynptr | ArgType.Uninit | ArgType.Write | ArgType.DynptrRingbuf,
    };

    public static readonly HelperProto RingbufSubmitDynptr = new(BpfFuncId.RingbufSubmitDynptr, RetType.Void)
    {
        Arg1 = ArgType.PtrToDynptr | ArgType.Release | ArgType.DynptrRingbuf,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto RingbufDiscardDynptr = new(BpfFuncId.RingbufDiscardDynptr, RetType.Void)
    {
        Arg1 = ArgType.PtrToDynptr | ArgType.Release | ArgType.DynptrRingbuf,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto UserRingbufDrain = new(BpfFuncId.UserRingbufDrain, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToFunc,
        Arg3 = ArgType.PtrToStack | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };
}
