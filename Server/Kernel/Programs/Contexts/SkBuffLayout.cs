using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Programs.Contexts;

/// <summary>
/// A packet buffer as it lies in memory. The first 192 bytes are struct __sk_buff of linux/bpf.h (6.18), field by field at the same offset and with the value that a program
/// reads; behind them stand what programs see as 32-bit fields and we hold as addresses:
/// <code>
///   0  len, pkt_type, mark, queue_mapping, protocol, vlan_*, priority, ingress_ifindex, ifindex, tc_index
///  48  cb[5]   68 hash   72 tc_classid   76 data* 80 data_end*   84 napi_id
///  88  family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port      (of the socket)
/// 140  data_meta*   144 flow_keys (8)   152 tstamp (8)   160 wire_len   164 gso_segs   168 sk (8)   176 gso_size   180 tstamp_type   184 hwtstamp (8)
/// 192  data (8)   200 data_end (8)   208 data_meta (8)                                          * read from here
/// </code>
/// So a conversion only moves the three packet pointers and keeps stores to fields that are 16 bits wide in struct sk_buff within them.
/// </summary>
internal static class SkBuffLayout
{
    public const int Len = 0;
    public const int PktType = 4;
    public const int Mark = 8;
    public const int QueueMapping = 12;
    public const int Protocol = 16;
    public const int VlanPresent = 20;
    public const int VlanTci = 24;
    public const int VlanProto = 28;
    public const int Priority = 32;
    public const int IngressIfindex = 36;
    public const int Ifindex = 40;
    public const int TcIndex = 44;
    public const int Cb = 48;
    public const int CbBytes = 20;
    public const int Hash = 68;
    public const int TcClassid = 72;
    public const int Data = 76;
    public const int DataEnd = 80;
    public const int NapiId = 84;
    public const int Family = 88;
    public const int RemoteIp4 = 92;
    public const int LocalIp4 = 96;
    public const int RemoteIp6 = 100;
    public const int LocalIp6 = 116;
    public const int RemotePort = 132;
    public const int LocalPort = 136;
    public const int DataMeta = 140;
    public const int FlowKeys = 144;
    public const int Tstamp = 152;
    public const int WireLen = 160;
    public const int GsoSegs = 164;
    public const int Sk = 168;
    public const int GsoSize = 176;
    public const int TstampType = 180;
    public const int Hwtstamp = 184;

    /// <summary>Bytes of struct __sk_buff.</summary>
    public const int UapiSize = 192;

    public const int DataAddress = 192;
    public const int DataEndAddress = 200;
    public const int DataMetaAddress = 208;

    /// <summary>Bytes of the context in memory.</summary>
    public const int Size = 216;

    // A queue number that means none: stores of it and above are dropped (NO_QUEUE_MAPPING).
    private const int NoQueue = 0xffff;

    /// <summary>As bpf_convert_ctx_access in net/core/filter.c; see <see cref="ProgramTypeInfo.ConvertAccess"/>.</summary>
    public static int Convert(bool write, Insn insn, Span<Insn> output, out int targetSize)
    {
        targetSize = Op.SizeBytes(insn.Code);
        int pointer = insn.Off switch { Data => DataAddress, DataEnd => DataEndAddress, DataMeta => DataMetaAddress, _ => -1 };
        if (pointer >= 0)
        {
            output[0] = new Insn(Op.Ldx | Op.Mem | Op.DW, insn.Dst, insn.Src, pointer, 0);
            return 1;
        }

        if (!write || insn.Off is not (TcIndex or TcClassid or QueueMapping))
        {
            output[0] = insn;
            return 1;
        }

        var half = new Insn((insn.Code & ~Op.DW) | Op.H, insn.Dst, insn.Src, insn.Off, insn.Imm);
        if (insn.Off != QueueMapping)
        {
            output[0] = half;
            return 1;
        }

        if (insn.Class == Op.St)
        {
            output[0] = (uint)insn.Imm >= NoQueue ? new Insn(Op.Jmp | Op.Ja, 0, 0, 0, 0) : half;
            return 1;
        }

        output[0] = new Insn(Op.Jmp | Op.Jge | Op.K, insn.Src, 0, 1, NoQueue);
        output[1] = half;
        return 2;
    }
}
