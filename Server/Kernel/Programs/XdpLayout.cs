namespace WebBpf.Kernel.Programs;

/// <summary>
/// The context of XDP programs: struct xdp_md as programs name its fields, and in memory the same fields followed by the three pointers in 64 bits,
/// which loads of data, data_end and data_meta are turned to.
/// </summary>
internal static class XdpLayout
{
    public const int Data = 0;
    public const int DataEnd = 4;
    public const int DataMeta = 8;
    public const int IngressIfindex = 12;
    public const int RxQueueIndex = 16;
    public const int EgressIfindex = 20;
    public const int MdSize = 24;

    public const int DataPointer = 24;
    public const int DataEndPointer = 32;
    public const int DataMetaPointer = 40;
    public const int Size = 48;

    /// <summary>Where the pointer of a field lies, 0 for fields that are none.</summary>
    public static int PointerOf(int off) => off switch { Data => DataPointer, DataEnd => DataEndPointer, DataMeta => DataMetaPointer, _ => 0 };
}
