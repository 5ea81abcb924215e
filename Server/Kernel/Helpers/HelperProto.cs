using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// A helper's prototype, as struct bpf_func_proto: what the verifier checks of its arguments and knows of its result.
/// It stands in the file of the helper's body.
/// </summary>
public sealed record HelperProto(BpfFuncId Id, RetType Ret)
{
    public ArgType Arg1 { get; init; }
    public ArgType Arg2 { get; init; }
    public ArgType Arg3 { get; init; }
    public ArgType Arg4 { get; init; }
    public ArgType Arg5 { get; init; }

    /// <summary>Sizes in bytes where an argument is a fixed-size memory (<see cref="ArgType.FixedSizeMem"/>).</summary>
    public uint Arg1Size { get; init; }
    public uint Arg2Size { get; init; }
    public uint Arg3Size { get; init; }
    public uint Arg4Size { get; init; }
    public uint Arg5Size { get; init; }

    /// <summary>Names of the kernel's types (in its BTF) where an argument is a <see cref="ArgType.PtrToBtfId"/>; null where any goes.</summary>
    public string? Arg1Type { get; init; }
    public string? Arg2Type { get; init; }
    public string? Arg3Type { get; init; }
    public string? Arg4Type { get; init; }
    public string? Arg5Type { get; init; }

    /// <summary>Name of the kernel's type behind a result of kind <see cref="RetType.PtrToBtfId"/>.</summary>
    public string? RetTypeName { get; init; }

    /// <summary>Only for programs with a GPL-compatible license.</summary>
    public bool GplOnly { get; init; }

    /// <summary>May read the packet through its memory arguments.</summary>
    public bool PktAccess { get; init; }

    /// <summary>May sleep.</summary>
    public bool MightSleep { get; init; }

    /// <summary>Takes all five registers, though the verifier asks nothing of those behind the named ones (bpf_trace_printk).</summary>
    public bool Variadic { get; init; }

    /// <summary>Invalidates packet pointers (bpf_helper_changes_pkt_data).</summary>
    public bool ChangesPacketData { get; init; }

    /// <summary>Keeps R1-R5 apart from R0 (allow_fastcall), as the verifier's no-spill patterns need.</summary>
    public bool AllowFastcall { get; init; }

    public ArgType Arg(int i) => i switch { 0 => Arg1, 1 => Arg2, 2 => Arg3, 3 => Arg4, 4 => Arg5, _ => throw new ArgumentOutOfRangeException(nameof(i)) };

    public string? ArgTypeName(int i) => i switch { 0 => Arg1Type, 1 => Arg2Type, 2 => Arg3Type, 3 => Arg4Type, 4 => Arg5Type, _ => throw new ArgumentOutOfRangeException(nameof(i)) };

    public uint ArgSize(int i) => i switch { 0 => Arg1Size, 1 => Arg2Size, 2 => Arg3Size, 3 => Arg4Size, 4 => Arg5Size, _ => throw new ArgumentOutOfRangeException(nameof(i)) };
}

/// <summary>Base argument kinds and modifiers, as enum bpf_arg_type and enum bpf_type_flag in linux/bpf.h (our own numbering).</summary>
[Flags]
public enum ArgType : uint
{
    DontCare = 0,
    ConstMapPtr,
    PtrToMapKey,
    PtrToMapValue,
    PtrToMem,
    PtrToArena,
    ConstSize,
    ConstSizeOrZero,
    PtrToCtx,
    Anything,
    PtrToSpinLock,
    PtrToSockCommon,
    PtrToSocket,
    PtrToBtfId,
    PtrToRingbufMem,
    ConstAllocSizeOrZero,
    PtrToBtfIdSockCommon,
    PtrToPercpuBtfId,
    PtrToFunc,
    PtrToStack,
    PtrToConstStr,
    PtrToTimer,
    KptrXchgDest,
    PtrToDynptr,
    BaseMask = 0xff,

    MaybeNull = 1 << 8,
    RdOnly = 1 << 9,
    Ringbuf = 1 << 10,
    Release = 1 << 11,
    Uninit = 1 << 12,
    Write = 1 << 13,
    FixedSizeMem = 1 << 14,
    Aligned = 1 << 15,
    DynptrLocal = 1 << 16,
    DynptrRingbuf = 1 << 17,
    DynptrSkb = 1 << 18,
    DynptrXdp = 1 << 19,
    MemUser = 1 << 20,
}

/// <summary>Result kinds, as enum bpf_return_type.</summary>
[Flags]
public enum RetType : uint
{
    Integer = 0,
    Void,
    PtrToMapValue,
    PtrToSocket,
    PtrToTcpSock,
    PtrToSockCommon,
    PtrToMem,
    PtrToMemOrBtfId,
    PtrToBtfId,
    BaseMask = 0xff,

    MaybeNull = 1 << 8,
    RdOnly = 1 << 9,
    Ringbuf = 1 << 10,
    Trusted = 1 << 11,
}
