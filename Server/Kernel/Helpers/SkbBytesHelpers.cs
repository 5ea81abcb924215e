using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Programs.Packets;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Bytes of a packet buffer, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static unsafe class SkbBytesHelpers
{
    public static readonly HelperProto SkbLoadBytes = new(BpfFuncId.SkbLoadBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
    };

    public static readonly HelperProto SkbLoadBytesRelative = new(BpfFuncId.SkbLoadBytesRelative, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg4 = ArgType.ConstSize,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkbStoreBytes = new(BpfFuncId.SkbStoreBytes, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg4 = ArgType.ConstSize,
        Arg5 = ArgType.Anything,
    };

    public static readonly HelperProto SkbPullData = new(BpfFuncId.SkbPullData, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    // BPF_F_RECOMPUTE_CSUM and BPF_F_INVALIDATE_HASH; test packets carry no checksum state.
    private const ulong StoreFlags = 3;
    private const ulong InvalidateHash = 2;
    private const uint FromLinkHeader = 0;
    private const uint FromNetworkHeader = 1;
    private const uint MaxRelativeOffset = 0xffff;

    public static ulong SkbLoadBytesCall(RunContext run, ulong context, ulong offset, ulong to, ulong length, ulong r5)
    {
        Span<byte> target = HelperMemory.Bytes(run, to, length);
        return run.Subject is PacketBuffer packet && (uint)offset <= int.MaxValue ? Load(run, target, packet.Start, packet.End, (uint)offset) : HelperMemory.Fault(target);
    }

    public static ulong SkbLoadBytesRelativeCall(RunContext run, ulong context, ulong offset, ulong to, ulong length, ulong header)
    {
        Span<byte> target = HelperMemory.Bytes(run, to, length);
        if (run.Subject is not PacketBuffer packet || (uint)offset > MaxRelativeOffset)
            return HelperMemory.Fault(target);
        return (uint)header switch
        {
            FromLinkHeader => Load(run, target, packet.MacHeader, packet.End, (uint)offset),
            FromNetworkHeader => Load(run, target, packet.NetworkHeader, packet.End, (uint)offset),
            _ => HelperMemory.Fault(target),
        };
    }

    public static ulong SkbStoreBytesCall(RunContext run, ulong context, ulong offset, ulong from, ulong length, ulong flags)
    {
        if ((flags & ~StoreFlags) != 0)
            return HelperMemory.Result(-Errno.EINVAL);
        if (run.Subject is not PacketBuffer packet || (uint)offset > int.MaxValue || (uint)offset + (ulong)(uint)length > (ulong)packet.Length)
            return HelperMemory.Result(-Errno.EFAULT);
        HelperMemory.Bytes(run, from, length).CopyTo(packet.Bytes[(int)(uint)offset..]);
        if ((flags & InvalidateHash) != 0)
            *(uint*)run.Memory.Resolve(packet.Context + SkBuffLayout.Hash) = 0;
        return 0;
    }

    /// <summary>All of a packet is always linear and writable: only a length beyond it fails.</summary>
    public static ulong SkbPullDataCall(RunContext run, ulong context, ulong length, ulong r3, ulong r4, ulong r5) =>
        HelperMemory.Result(run.Subject is PacketBuffer packet && (uint)length <= (uint)packet.Length ? 0 : -Errno.ENOMEM);

    private static ulong Load(RunContext run, Span<byte> target, ulong from, ulong end, uint offset)
    {
        if (from + offset + (ulong)target.Length > end)
            return HelperMemory.Fault(target);
        new ReadOnlySpan<byte>(run.Memory.Resolve(from + offset), target.Length).CopyTo(target);
        return 0;
    }
}
