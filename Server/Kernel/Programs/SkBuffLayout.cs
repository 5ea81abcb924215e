namespace WebBpf.Kernel.Programs;

/// <summary>
/// The context of socket buffer programs: struct __sk_buff as programs name its fields, and in memory the same fields followed by the packet's pointers in
/// 64 bits, which loads of data, data_end and data_meta are turned to. The rules of access are those of bpf_skb_is_valid_access, 6.18.
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
    public const int Hash = 68;
    public const int TcClassid = 72;
    public const int Data = 76;
    public const int DataEnd = 80;
    public const int Family = 88;
    public const int RemoteIp4 = 92;
    public const int LocalIp4 = 96;
    public const int RemoteIp6 = 100;
    public const int LocalPort = 136;
    public const int DataMeta = 140;
    public const int FlowKeys = 144;
    public const int Tstamp = 152;
    public const int WireLen = 160;
    public const int GsoSegs = 164;
    public const int Sk = 168;
    public const int GsoSize = 176;
    public const int TstampType = 180;
    public const int HwTstamp = 184;
    public const int SkbSize = 192;

    public const int DataPointer = 192;
    public const int DataEndPointer = 200;
    public const int DataMetaPointer = 208;
    public const int Size = 216;

    private const int Word = 4;

    public static bool In(int off, int field, int size) => off >= field && off < field + size;

    public static bool IsCb(int off) => In(off, Cb, 20);

    public static bool IsData(int off) => In(off, Data, 8) || In(off, DataMeta, 4);

    /// <summary>family to local_port.</summary>
    public static bool IsAddress(int off) => off is >= Family and < LocalPort + 4;

    public static int PointerOf(int off) => off switch { Data => DataPointer, DataEnd => DataEndPointer, DataMeta => DataMetaPointer, _ => 0 };

    public static bool IsValid(int off, int size, bool write, ref CtxAccess access)
    {
        if (off < 0 || off >= SkbSize || off % size != 0)
            return false;
        if (IsCb(off))
            return off + size <= Cb + 20;
        if (IsData(off))
            return !access.IsLdsx && size == Word;
        if (off is >= RemoteIp4 and < 132)
            return size == Word;
        if (In(off, FlowKeys, 8) || off is >= TstampType and < HwTstamp)
            return false;
        if (In(off, HwTstamp, 8))
            return !write && size == 8;
        if (In(off, Tstamp, 8))
            return size == 8;
        if (In(off, Sk, 8))
        {
            access.Kind = CtxLoad.SockCommonOrNull;
            return !write && size == 8;
        }

        if (write)
            return size == Word;
        access.FieldSize = Word;
        return size <= Word;
    }

    /// <summary>As tc_cls_act_is_valid_access.</summary>
    public static bool IsValidForTrafficControl(int off, int size, bool write, ref CtxAccess access)
    {
        if (write && !(In(off, Mark, 4) || In(off, TcIndex, 4) || In(off, Priority, 4) || IsCb(off) || In(off, TcClassid, 4)
            || In(off, Tstamp, 8) || In(off, QueueMapping, 4)))
            return false;
        if (off == TstampType)
            return size == 1;
        if (IsAddress(off))
            return false;
        access.Kind = off switch
        {
            Data => CtxLoad.PacketData,
            DataMeta => CtxLoad.PacketMeta,
            DataEnd => CtxLoad.PacketEnd,
            _ => CtxLoad.Scalar,
        };
        return IsValid(off, size, write, ref access);
    }
}
