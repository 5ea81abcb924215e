using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs;
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

    private const ulong StoreFlags = 3;

    public static ulong SkbLoadBytesCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var packet = (PacketBuffer)run.Subject!;
        var target = new Span<byte>(run.Memory.Resolve(r3), (int)r4);
        return Load(run, target, packet.Start, packet.End, (uint)r2, int.MaxValue);
    }

    public static ulong SkbLoadBytesRelativeCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var packet = (PacketBuffer)run.Subject!;
        var target = new Span<byte>(run.Memory.Resolve(r3), (int)r4);
        ulong from = (uint)r5 switch { 0 => packet.MacHeader, 1 => packet.NetworkHeader, _ => 0 };
        return from == 0 ? Fail(target) : Load(run, target, from, packet.End, (uint)r2, 0xffff);
    }

    public static ulong SkbStoreBytesCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        var packet = (PacketBuffer)run.Subject!;
        if ((r5 & ~StoreFlags) != 0)
            return unchecked((ulong)-Errno.EINVAL);
        uint offset = (uint)r2;
        if (offset > int.MaxValue || (ulong)offset + (uint)r4 > (ulong)packet.Length)
            return unchecked((ulong)-Errno.EFAULT);
        Buffer.MemoryCopy(run.Memory.Resolve(r3), run.Memory.Resolve(packet.Start + offset), (uint)r4, (uint)r4);
        return 0;
    }

    public static ulong SkbPullDataCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) =>
        (uint)r2 > ((PacketBuffer)run.Subject!).Length ? unchecked((ulong)-Errno.ENOMEM) : 0;

    private static ulong Load(RunContext run, Span<byte> target, ulong from, ulong end, uint offset, uint maxOffset)
    {
        if (offset > maxOffset || from + offset + (ulong)target.Length > end)
            return Fail(target);
        new ReadOnlySpan<byte>(run.Memory.Resolve(from + offset), target.Length).CopyTo(target);
        return 0;
    }

    private static ulong Fail(Span<byte> target)
    {
        target.Clear();
        return unchecked((ulong)-Errno.EFAULT);
    }
}
