using System.Runtime.CompilerServices;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_ringbuf_output, reserve, submit, discard and query, as kernel/bpf/ringbuf.c.</summary>
[BpfHelpers]
public static class RingbufHelpers
{
    public static readonly HelperProto RingbufOutput = new(BpfFuncId.RingbufOutput, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSizeOrZero,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto RingbufReserve = new(BpfFuncId.RingbufReserve, RetType.PtrToMem | RetType.Ringbuf | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.ConstAllocSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto RingbufSubmit = new(BpfFuncId.RingbufSubmit, RetType.Void)
    {
        Arg1 = ArgType.PtrToRingbufMem | ArgType.Release,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto RingbufDiscard = new(BpfFuncId.RingbufDiscard, RetType.Void)
    {
        Arg1 = ArgType.PtrToRingbufMem | ArgType.Release,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto RingbufQuery = new(BpfFuncId.RingbufQuery, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong RingbufOutputCall(RunContext run, ulong map, ulong data, ulong size, ulong flags, ulong r5) =>
        MapElementHelpers.Error(run.Maps.Find(map) is RingbufMap ring ? ring.Output(data, size, flags) : -Errno.EINVAL);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong RingbufReserveCall(RunContext run, ulong map, ulong size, ulong flags, ulong r4, ulong r5) =>
        flags == 0 && run.Maps.Find(map) is RingbufMap ring ? ring.Reserve(size) : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong RingbufSubmitCall(RunContext run, ulong record, ulong flags, ulong r3, ulong r4, ulong r5) => Commit(run, record, flags, false);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong RingbufDiscardCall(RunContext run, ulong record, ulong flags, ulong r3, ulong r4, ulong r5) => Commit(run, record, flags, true);

    public static ulong RingbufQueryCall(RunContext run, ulong map, ulong what, ulong r3, ulong r4, ulong r5)
    {
        const ulong availableData = 0, ringSize = 1, consumerPosition = 2, producerPosition = 3;
        if (run.Maps.Find(map) is not RingbufMap ring)
            return 0;
        return what switch
        {
            availableData => ring.Available,
            ringSize => ring.MaxEntries,
            consumerPosition => ring.ConsumerPosition,
            producerPosition => ring.ProducerPosition,
            _ => 0,
        };
    }

    /// <summary>The record's header says to which map it belongs.</summary>
    private static unsafe ulong Commit(RunContext run, ulong record, ulong flags, bool discard)
    {
        uint map = *(uint*)(run.Base + (uint)(record - 4));
        if (run.Maps.Find(map) is RingbufMap ring && ring.Owns(record))
            ring.Commit(record, flags, discard);
        return 0;
    }
}
