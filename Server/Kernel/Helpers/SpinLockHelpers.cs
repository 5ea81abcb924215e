using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Spin locks in map values: prototypes of kernel/bpf/helpers.c, 6.18.</summary>
[BpfHelpers]
public static class SpinLockHelpers
{
    public static readonly HelperProto SpinLock = new(BpfFuncId.SpinLock, RetType.Void)
    {
        Arg1 = ArgType.PtrToSpinLock,
    };

    public static readonly HelperProto SpinUnlock = new(BpfFuncId.SpinUnlock, RetType.Void)
    {
        Arg1 = ArgType.PtrToSpinLock,
    };
}
