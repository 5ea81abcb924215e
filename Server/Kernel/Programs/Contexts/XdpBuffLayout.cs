using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Programs.Contexts;

/// <summary>
/// A frame as it lies in memory: struct xdp_md of linux/bpf.h (6.18), and behind it the packet pointers in 64 bits, which loads of the 32-bit fields are turned to:
/// <code>
///   0  data*   4  data_end*   8  data_meta*   12  ingress_ifindex   16  rx_queue_index   20  egress_ifindex
///  24  data (8)   32  data_end (8)   40  data_meta (8)                                      * read from here
/// </code>
/// </summary>
internal static class XdpBuffLayout
{
    public const int Data = 0;
    public const int DataEnd = 4;
    public const int DataMeta = 8;
    public const int IngressIfindex = 12;
    public const int RxQueueIndex = 16;
    public const int EgressIfindex = 20;

    /// <summary>Bytes of struct xdp_md.</summary>
    public const int UapiSize = 24;

    public const int DataAddress = 24;
    public const int DataEndAddress = 32;
    public const int DataMetaAddress = 40;

    /// <summary>Bytes of the context in memory.</summary>
    public const int Size = 48;

    /// <summary>As xdp_convert_ctx_access in net/core/filter.c; every access is a load of 4 bytes.</summary>
    public static int Convert(Insn insn, Span<Insn> output, out int targetSize)
    {
        targetSize = sizeof(uint);
        int pointer = insn.Off switch { Data => DataAddress, DataEnd => DataEndAddress, DataMeta => DataMetaAddress, _ => -1 };
        output[0] = pointer < 0 ? insn : new Insn(Op.Ldx | Op.Mem | Op.DW, insn.Dst, insn.Src, pointer, 0);
        return 1;
    }
}
