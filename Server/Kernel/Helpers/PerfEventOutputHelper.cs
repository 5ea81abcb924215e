using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// bpf_perf_event_output: one prototype for all program types (net/core/filter.c for skb and xdp, kernel/trace/bpf_trace.c for tracing); programs with a packet may append
/// its first bytes, given in bits 32-51 of the flags.
/// </summary>
[BpfHelpers]
public static unsafe class PerfEventOutputHelper
{
    private const ulong IndexMask = 0xffffffff;
    private const ulong PacketLengthMask = 0xfffffUL << 32;

    public static readonly HelperProto PerfEventOutput = new(BpfFuncId.PerfEventOutput, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg5 = ArgType.ConstSizeOrZero,
    };

    public static ulong PerfEventOutputCall(RunContext run, ulong context, ulong map, ulong flags, ulong data, ulong size) =>
        MapElementHelpers.Error(Output(run, map, flags, data, size));

    private static int Output(RunContext run, ulong map, ulong flags, ulong data, ulong size)
    {
        ReadOnlySpan<byte> packet = default;
        if (run.Subject is IPacketBytes subject)
        {
            if ((flags & ~(IndexMask | PacketLengthMask)) != 0)
                return -Errno.EINVAL;
            ulong length = (flags & PacketLengthMask) >> 32;
            if (length > (ulong)subject.Packet.Length)
                return -Errno.EFAULT;
            packet = subject.Packet[..(int)length];
        }
        else if ((flags & ~IndexMask) != 0)
        {
            return -Errno.EINVAL;
        }

        if (run.Maps.Find(map) is not PerfEventArrayMap events)
            return -Errno.EINVAL;
        return events.Output((uint)flags, run.Cpu, new ReadOnlySpan<byte>(run.Base + (uint)data, (int)size), packet);
    }
}
