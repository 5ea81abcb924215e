using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Bounds and bytes of an XDP frame, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static unsafe class XdpHelpers
{
    public static readonly HelperProto XdpAdjustHead = new(BpfFuncId.XdpAdjustHead, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto XdpAdjustTail = new(BpfFuncId.XdpAdjustTail, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto XdpAdjustMeta = new(BpfFuncId.XdpAdjustMeta, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto XdpGetBuffLen = new(BpfFuncId.XdpGetBuffLen, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto XdpLoadBytes = new(BpfFuncId.XdpLoadBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto XdpStoreBytes = new(BpfFuncId.XdpStoreBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
    };

    /// <summary>sizeof(struct xdp_frame), which the kernel keeps at the start of the headroom.</summary>
    private const ulong FrameSize = 40;

    private const int EthernetHeader = 14;
    private const ulong MaxMeta = 252;

    public static ulong XdpAdjustHeadCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var packet = (PacketBuffer)run.Subject!;
        ulong meta = packet.Start - packet.Meta, start = packet.Start + (ulong)(long)(int)r2;
        if (start < packet.HeadLimit + FrameSize + meta || start > packet.End - EthernetHeader)
            return unchecked((ulong)-Errno.EINVAL);
        if (meta > 0)
            Buffer.MemoryCopy(run.Memory.Resolve(packet.Meta), run.Memory.Resolve(start - meta), meta, meta);
        packet.Meta = start - meta;
        packet.Start = start;
        packet.UpdateContext();
        return 0;
    }

    public static ulong XdpAdjustTailCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var packet = (PacketBuffer)run.Subject!;
        int offset = (int)r2;
        ulong end = packet.End + (ulong)(long)offset;
        if (end > packet.TailLimit || end < packet.Start + EthernetHeader)
            return unchecked((ulong)-Errno.EINVAL);
        if (offset > 0)
            new Span<byte>(run.Memory.Resolve(packet.End), offset).Clear();
        packet.End = end;
        packet.UpdateContext();
        return 0;
    }

    public static ulong XdpAdjustMetaCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var packet = (PacketBuffer)run.Subject!;
        ulong meta = packet.Meta + (ulong)(long)(int)r2;
        if (meta < packet.HeadLimit + FrameSize || meta > packet.Start)
            return unchecked((ulong)-Errno.EINVAL);
        ulong length = packet.Start - meta;
        if ((length & 3) != 0 || length > MaxMeta)
            return unchecked((ulong)-Errno.EACCES);
        packet.Meta = meta;
        packet.UpdateContext();
        return 0;
    }

    public static ulong XdpGetBuffLenCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => (ulong)((PacketBuffer)run.Subject!).Length;
}
