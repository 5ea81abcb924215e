using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Access;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>Which registers fit an argument: its kind and its offset. As compatible_reg_types, check_reg_type and check_func_arg_reg_off (6.18).</summary>
internal static class ArgTypes
{
    private static readonly RegType[] Memory =
    [
        RegType.PtrToStack, RegType.PtrToPacket, RegType.PtrToPacketMeta, RegType.PtrToMapKey, RegType.PtrToMapValue, RegType.PtrToMem,
        RegType.PtrToMem | RegType.Ringbuf, RegType.PtrToBuf, RegType.PtrToBtfId | RegType.Trusted,
    ];

    private static readonly RegType[] Scalar = [RegType.Scalar];
    private static readonly RegType[] MapPointer = [RegType.ConstPtrToMap];
    private static readonly RegType[] Context = [RegType.PtrToCtx];
    private static readonly RegType[] AnySocket = [RegType.PtrToSockCommon, RegType.PtrToSocket, RegType.PtrToTcpSock, RegType.PtrToXdpSock];
    private static readonly RegType[] FullSocket = [RegType.PtrToSocket];

    private static readonly RegType[] BtfSocket =
    [
        RegType.PtrToSockCommon, RegType.PtrToSocket, RegType.PtrToTcpSock, RegType.PtrToXdpSock, RegType.PtrToBtfId,
        RegType.PtrToBtfId | RegType.Trusted,
    ];

    private static readonly RegType[] BtfPointer =
        [RegType.PtrToBtfId, RegType.PtrToBtfId | RegType.Trusted, RegType.PtrToBtfId | RegType.Rcu];

    private static readonly RegType[] PercpuPointer =
    [
        RegType.PtrToBtfId | RegType.Percpu, RegType.PtrToBtfId | RegType.Percpu | RegType.Rcu,
        RegType.PtrToBtfId | RegType.Percpu | RegType.Trusted,
    ];

    private static readonly RegType[] RingbufRecord = [RegType.PtrToMem | RegType.Ringbuf];
    private static readonly RegType[] Function = [RegType.PtrToFunc];
    private static readonly RegType[] Stack = [RegType.PtrToStack];
    private static readonly RegType[] MapValue = [RegType.PtrToMapValue];
    private static readonly RegType[] Dynptr = [RegType.PtrToStack, RegType.ConstPtrToDynptr];

    /// <summary>The register's kind is one the argument takes; otherwise the message lists those it takes. EACCES.</summary>
    public static int CheckKind(Walker w, int regno, ArgType arg)
    {
        RegType[]? allowed = Allowed(arg);
        if (allowed is null)
            return w.Env.Gap($"helper arguments of kind {arg & ArgType.BaseMask}");
        RegType type = w.Regs[regno].Type;
        if ((arg & ArgType.RdOnly) != 0)
            type &= ~RegType.RdOnly;
        if ((arg & ArgType.MaybeNull) != 0)
            type &= ~RegType.MaybeNull;
        if (Array.IndexOf(allowed, type) >= 0)
            return type.Base() == RegType.PtrToBtfId ? w.Env.Gap("kernel objects as helper arguments") : 0;
        w.Log.Write($"R{regno} type={w.Regs[regno].Type.Text()} expected={string.Join(", ", allowed.Select(t => t.Text()))}\n");
        return -Errno.EACCES;
    }

    /// <summary>Its offset is one the argument takes: most kinds must not have been moved.</summary>
    public static int CheckOffset(Walker w, int regno, ArgType arg)
    {
        ref RegState reg = ref w.Regs[regno];
        if ((arg & ArgType.Release) != 0 && reg.Off != 0)
        {
            w.Log.Write($"R{regno} must have zero offset when passed to release func or trusted arg to kfunc\n");
            return -Errno.EINVAL;
        }

        return reg.Type is RegType.PtrToStack or RegType.PtrToPacket or RegType.PtrToPacketMeta or RegType.PtrToMapKey or RegType.PtrToMapValue
            or RegType.PtrToMem or (RegType.PtrToMem | RegType.RdOnly) or (RegType.PtrToMem | RegType.Ringbuf) or RegType.PtrToBuf
            or (RegType.PtrToBuf | RegType.RdOnly) or RegType.PtrToArena or RegType.Scalar
            ? 0
            : PointerChecks.CheckCtxReg(w, regno);
    }

    private static RegType[]? Allowed(ArgType arg) => (arg & ArgType.BaseMask) switch
    {
        ArgType.PtrToMapKey or ArgType.PtrToMapValue or ArgType.PtrToMem => Memory,
        ArgType.ConstSize or ArgType.ConstSizeOrZero or ArgType.ConstAllocSizeOrZero => Scalar,
        ArgType.ConstMapPtr => MapPointer,
        ArgType.PtrToCtx => Context,
        ArgType.PtrToSockCommon => AnySocket,
        ArgType.PtrToBtfIdSockCommon => BtfSocket,
        ArgType.PtrToSocket => FullSocket,
        ArgType.PtrToBtfId => BtfPointer,
        ArgType.PtrToPercpuBtfId => PercpuPointer,
        ArgType.PtrToRingbufMem => RingbufRecord,
        ArgType.PtrToFunc => Function,
        ArgType.PtrToStack => Stack,
        ArgType.PtrToConstStr or ArgType.PtrToTimer => MapValue,
        ArgType.PtrToDynptr => Dynptr,
        _ => null,
    };
}
