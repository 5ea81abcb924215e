namespace WebBpf.Kernel.Programs.Contexts;

/// <summary>
/// A socket as programs see it: struct bpf_sock of linux/bpf.h (6.18), which is also how it lies in memory:
/// <code>
///   0  bound_dev_if   family   type   protocol   mark   priority   24  src_ip4   28  src_ip6[4]   44  src_port (host order)
///  48  dst_port (16 bits, network order, and 16 of padding)   52  dst_ip4   56  dst_ip6[4]   72  state   76  rx_queue_mapping
/// </code>
/// </summary>
internal static class SocketLayout
{
    public const int BoundDevIf = 0;
    public const int Family = 4;
    public const int Type = 8;
    public const int Protocol = 12;
    public const int Mark = 16;
    public const int Priority = 20;
    public const int SrcIp4 = 24;
    public const int SrcIp6 = 28;
    public const int SrcPort = 44;
    public const int DstPort = 48;
    public const int DstIp4 = 52;
    public const int DstIp6 = 56;
    public const int State = 72;
    public const int RxQueueMapping = 76;
    public const int Size = 80;

    /// <summary>Whether a part of a socket may be read, as bpf_sock_is_valid_access in net/core/filter.c.</summary>
    public static bool IsValidAccess(int off, int size, ref CtxAccess access)
    {
        if (!CtxRules.Fits(off, size, Size))
            return false;
        switch (off)
        {
            case State or Family or Type or Protocol or SrcPort or RxQueueMapping:
            case >= SrcIp4 and < SrcPort:
            case >= DstIp4 and < State:
                return CtxRules.Narrow(ref access, off, size, 4);
            case >= DstPort and < DstPort + 2:
                return CtxRules.Narrow(ref access, off, size, size == 4 ? 4 : 2);
            case >= DstPort + 2 and < DstIp4:
                return false;
            default:
                return size == 4;
        }
    }

    /// <summary>struct bpf_tcp_sock (bpf_tcp_sock_is_valid_access): whole fields only, bytes_received and bytes_acked have 64 bits.</summary>
    public static bool IsValidTcpAccess(int off, int size) => off is >= 0 and < 112 && off % size == 0 && size == (off is 80 or 88 ? 8 : 4);

    /// <summary>struct bpf_xdp_sock (bpf_xdp_sock_is_valid_access): queue_id.</summary>
    public static bool IsValidXdpAccess(int off, int size) => off == 0 && size == 4;

    /// <summary>The same for a socket of which only the common part is known (bpf_sock_common_is_valid_access).</summary>
    public static bool IsValidCommonAccess(int off, int size, ref CtxAccess access) =>
        off is not (>= Type and < Protocol + 4) && off is not (>= Mark and < SrcIp4) && IsValidAccess(off, size, ref access);
}
