using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Packets;
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

    // sizeof(struct xdp_frame), which the kernel keeps at the start of the headroom.
    private const ulong FrameSize = 40;
    private const int EthernetHeader = 14;
    private const ulong MaxMetadata = 255;

    public static ulong XdpAdjustHeadCall(RunContext run, ulong context, ulong delta, ulong r3, ulong r4, ulong r5)
    {
        if (run.Subject is not PacketBuffer packet)
            return HelperMemory.Result(-Errno.EINVAL);
        ulong metadata = packet.Start - packet.Meta, start = packet.Start + (ulong)(long)(int)delta;
        if (start < packet.Head + FrameSize + metadata || start > packet.End - EthernetHeader)
            return HelperMemory.Result(-Errno.EINVAL);
        if (metadata > 0)
            Buffer.MemoryCopy(run.Memory.Resolve(packet.Meta), run.Memory.Resolve(start - metadata), metadata, metadata);
        packet.Meta = start - metadata;
        packet.Start = start;
        packet.UpdateContext();
        return 0;
    }

    public static ulong XdpAdjustTailCall(RunContext run, ulong context, ulong delta, ulong r3, ulong r4, ulong r5)
    {
        if (run.Subject is not PacketBuffer packet)
            return HelperMemory.Result(-Errno.EINVAL);
        int offset = (int)delta;
        if (packet.FragmentBytes > 0)
            return HelperMemory.Result(AdjustFragments(run, packet, offset));
        ulong end = packet.End + (ulong)(long)offset;
        if (end > packet.TailLimit || end < packet.Start + EthernetHeader)
            return HelperMemory.Result(-Errno.EINVAL);
        if (offset > 0)
            new Span<byte>(run.Memory.Resolve(packet.End), offset).Clear();
        packet.End = end;
        packet.UpdateContext();
        return 0;
    }

    public static ulong XdpAdjustMetaCall(RunContext run, ulong context, ulong delta, ulong r3, ulong r4, ulong r5)
    {
        if (run.Subject is not PacketBuffer packet)
            return HelperMemory.Result(-Errno.EINVAL);
        ulong meta = packet.Meta + (ulong)(long)(int)delta;
        if (meta < packet.Head + FrameSize || meta > packet.Start)
            return HelperMemory.Result(-Errno.EINVAL);
        ulong length = packet.Start - meta;
        if ((length & 3) != 0 || length > MaxMetadata)
            return HelperMemory.Result(-Errno.EACCES);
        packet.Meta = meta;
        packet.UpdateContext();
        return 0;
    }

    public static ulong XdpGetBuffLenCall(RunContext run, ulong context, ulong r2, ulong r3, ulong r4, ulong r5) =>
        run.Subject is PacketBuffer packet ? (ulong)(packet.Length + packet.FragmentBytes) : 0;

    public static ulong XdpLoadBytesCall(RunContext run, ulong context, ulong offset, ulong to, ulong length, ulong r5) =>
        HelperMemory.Result(Copy(run, (uint)offset, HelperMemory.Bytes(run, to, length), (uint)length, store: false));

    public static ulong XdpStoreBytesCall(RunContext run, ulong context, ulong offset, ulong from, ulong length, ulong r5) =>
        HelperMemory.Result(Copy(run, (uint)offset, HelperMemory.Bytes(run, from, length), (uint)length, store: true));

    /// <summary>Bytes of the frame wherever they lie, in its linear part or in fragments (bpf_xdp_copy_buf).</summary>
    private static int Copy(RunContext run, uint offset, Span<byte> memory, uint length, bool store)
    {
        if (run.Subject is not PacketBuffer packet || offset > 0xffff || length > 0xffff || offset + length > packet.Length + packet.FragmentBytes
            || memory.Length != length)
            return -Errno.EINVAL;
        int first = Math.Clamp(packet.Length - (int)offset, 0, memory.Length);
        Move(first == 0 ? default : packet.Bytes.Slice((int)offset, first), memory[..first], store);
        if (first < memory.Length)
            Move(packet.FragmentSpan.Slice((int)offset + first - packet.Length, memory.Length - first), memory[first..], store);
        return 0;
    }

    private static void Move(Span<byte> packet, Span<byte> memory, bool store)
    {
        if (store)
            memory.CopyTo(packet);
        else
            packet.CopyTo(memory);
    }

    /// <summary>
    /// bpf_xdp_frags_increase_tail and bpf_xdp_frags_shrink_tail: the last page grows as far as it goes; a frame that shrinks gives up its fragments from the end.
    /// </summary>
    private static int AdjustFragments(RunContext run, PacketBuffer packet, int offset)
    {
        if (offset >= 0)
        {
            int used = ((packet.FragmentBytes - 1) % PacketBuffer.PageSize) + 1;
            if (offset > PacketBuffer.PageSize - used)
                return -Errno.EINVAL;
            new Span<byte>(run.Memory.Resolve(packet.Fragments + (ulong)packet.FragmentBytes), offset).Clear();
            packet.FragmentBytes += offset;
            return 0;
        }

        int shrink = -offset;
        if (shrink < 0 || shrink > packet.Length + packet.FragmentBytes - EthernetHeader)
            return -Errno.EINVAL;
        int fromFragments = Math.Min(shrink, packet.FragmentBytes);
        packet.FragmentBytes -= fromFragments;
        packet.End -= (ulong)(shrink - fromFragments);
        packet.UpdateContext();
        return 0;
    }
}
