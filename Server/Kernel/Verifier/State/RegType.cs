namespace WebBpf.Kernel.Verifier.State;

/// <summary>
/// What a register holds: a base kind and flags, as enum bpf_reg_type and enum bpf_type_flag in linux/bpf.h (6.18; the flags are numbered by us).
/// </summary>
[Flags]
public enum RegType : uint
{
    NotInit = 0,
    Scalar = 1,
    PtrToCtx = 2,
    ConstPtrToMap = 3,
    PtrToMapValue = 4,
    PtrToMapKey = 5,
    PtrToStack = 6,
    PtrToPacketMeta = 7,
    PtrToPacket = 8,
    PtrToPacketEnd = 9,
    PtrToFlowKeys = 10,
    PtrToSocket = 11,
    PtrToSockCommon = 12,
    PtrToTcpSock = 13,
    PtrToTpBuffer = 14,
    PtrToXdpSock = 15,
    PtrToBtfId = 16,
    PtrToMem = 17,
    PtrToArena = 18,
    PtrToBuf = 19,
    PtrToFunc = 20,
    ConstPtrToDynptr = 21,
    BaseMask = 0xff,

    MaybeNull = 1 << 8,
    RdOnly = 1 << 9,
    Ringbuf = 1 << 10,
    Untrusted = 1 << 11,
    Trusted = 1 << 12,
    User = 1 << 13,
    Percpu = 1 << 14,
    Rcu = 1 << 15,

    PtrToMapValueOrNull = PtrToMapValue | MaybeNull,
}

/// <summary>Questions about <see cref="RegType"/>.</summary>
internal static class RegTypes
{
    public static RegType Base(this RegType type) => type & RegType.BaseMask;

    public static RegType Flags(this RegType type) => type & ~RegType.BaseMask;

    public static bool MayBeNull(this RegType type) => (type & RegType.MaybeNull) != 0;

    public static bool IsReadOnlyMem(this RegType type) => (type & RegType.RdOnly) != 0;

    /// <summary>A pointer into packet data or its metadata (the end pointer is not one).</summary>
    public static bool IsPacket(this RegType type) => type is RegType.PtrToPacket or RegType.PtrToPacketMeta;

    public static bool IsPacketAny(this RegType type) => type.IsPacket() || type == RegType.PtrToPacketEnd;

    public static bool IsSocket(this RegType type) => type.Base() is RegType.PtrToSocket or RegType.PtrToSockCommon or RegType.PtrToTcpSock or RegType.PtrToXdpSock;

    /// <summary>The kinds whose printed form names their map (type_is_map_ptr).</summary>
    public static bool NamesMap(this RegType type) => type.Base() is RegType.ConstPtrToMap or RegType.PtrToMapKey or RegType.PtrToMapValue;

    /// <summary>A pointer that is never null (reg_not_null without the cases that need BTF).</summary>
    public static bool IsNotNull(this RegType type) =>
        type is RegType.PtrToSocket or RegType.PtrToTcpSock or RegType.PtrToMapValue or RegType.PtrToMapKey or RegType.PtrToSockCommon
            or RegType.ConstPtrToMap
        || (type.Base() == RegType.PtrToMem && (type & (RegType.MaybeNull | RegType.Untrusted)) == 0);

    /// <summary>Kinds that a spill keeps (is_spillable_regtype).</summary>
    public static bool IsSpillable(this RegType type) => type.Base() switch
    {
        RegType.PtrToMapValue or RegType.PtrToStack or RegType.PtrToCtx or RegType.PtrToPacket or RegType.PtrToPacketMeta
            or RegType.PtrToPacketEnd or RegType.PtrToFlowKeys or RegType.ConstPtrToMap or RegType.PtrToSocket or RegType.PtrToSockCommon
            or RegType.PtrToTcpSock or RegType.PtrToXdpSock or RegType.PtrToBtfId or RegType.PtrToBuf or RegType.PtrToMem
            or RegType.PtrToFunc or RegType.PtrToMapKey or RegType.PtrToArena => true,
        _ => false,
    };

    /// <summary>The kind as the log prints it, with its prefixes and "_or_null" (reg_type_str).</summary>
    public static string Text(this RegType type)
    {
        RegType kind = type.Base();
        string text = kind switch
        {
            RegType.NotInit => "?",
            RegType.Scalar => "scalar",
            RegType.PtrToCtx => "ctx",
            RegType.ConstPtrToMap => "map_ptr",
            RegType.PtrToMapValue => "map_value",
            RegType.PtrToStack => "fp",
            RegType.PtrToPacket => "pkt",
            RegType.PtrToPacketMeta => "pkt_meta",
            RegType.PtrToPacketEnd => "pkt_end",
            RegType.PtrToFlowKeys => "flow_keys",
            RegType.PtrToSocket => "sock",
            RegType.PtrToSockCommon => "sock_common",
            RegType.PtrToTcpSock => "tcp_sock",
            RegType.PtrToTpBuffer => "tp_buffer",
            RegType.PtrToXdpSock => "xdp_sock",
            RegType.PtrToBtfId => "ptr_",
            RegType.PtrToMem => "mem",
            RegType.PtrToArena => "arena",
            RegType.PtrToBuf => "buf",
            RegType.PtrToFunc => "func",
            RegType.PtrToMapKey => "map_key",
            _ => "dynptr_ptr",
        };
        if (type.Flags() == 0)
            return text;
        string prefix = string.Concat(
            (type & RegType.RdOnly) != 0 ? "rdonly_" : "", (type & RegType.Ringbuf) != 0 ? "ringbuf_" : "",
            (type & RegType.User) != 0 ? "user_" : "", (type & RegType.Percpu) != 0 ? "percpu_" : "");
        prefix += string.Concat(
            (type & RegType.Rcu) != 0 ? "rcu_" : "", (type & RegType.Untrusted) != 0 ? "untrusted_" : "", (type & RegType.Trusted) != 0 ? "trusted_" : "");
        string postfix = !type.MayBeNull() ? "" : kind == RegType.PtrToBtfId ? "or_null_" : "_or_null";
        return prefix + text + postfix;
    }
}
