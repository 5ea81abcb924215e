using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Programs.Contexts;

/// <summary>
/// A frame as it lies in memory, and where struct xdp_md of linux/bpf.h (6.18) has its fields:
/// <code>
///   0  data (8)   8  data_end (8)   16  data_meta (8)   24  ingress_ifindex   28  rx_queue_index   32  egress_ifindex
/// </code>
/// </summary>
internal static class XdpBuffLayout
{
    public const int Data = 0;
    public const int DataEnd = 8;
    public const int DataMeta = 16;
    public const int IngressIfindex = 24;
    public const int RxQueueIndex = 28;
    public const int EgressIfindex = 32;

    /// <summary>Bytes of the context in memory.</summary>
    public const int Size = 40;

    // struct xdp_md: six 32-bit fields in this order.
    public const int UapiData = 0;
    public const int UapiDataEnd = 4;
    public const int UapiDataMeta = 8;
    public const int UapiIngressIfindex = 12;
    public const int UapiRxQueueIndex = 16;
    public const int UapiEgressIfindex = 20;
    public const int UapiSize = 24;

    /// <summary>As xdp_convert_ctx_access in net/core/filter.c; every access is a load of 4 bytes.</summary>
    public static int Convert(Insn insn, Span<Insn> output, out int targetSize)
    {
        (int off, int width) = (int)insn.Off switch
        {
            UapiData => (Data, Op.DW),
            UapiDataEnd => (DataEnd, Op.DW),
            UapiDataMeta => (DataMeta, Op.DW),
            UapiIngressIfindex => (IngressIfindex, Op.W),
            UapiRxQueueIndex => (RxQueueIndex, Op.W),
            _ => (EgressIfindex, Op.W),
        };
        targetSize = sizeof(uint);
        output[0] = new Insn(Op.Ldx | Op.Mem | width, insn.Dst, insn.Src, off, 0);
        return 1;
    }
}
