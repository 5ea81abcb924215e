using System.Numerics;
using System.Runtime.CompilerServices;
using WebBpf.Kernel.Maps.Hash;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>ringbuf, as kernel/bpf/ringbuf.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.Ringbuf)]
public sealed class RingbufFamily : MapFamily
{
    private const uint PageSize = 4096;

    private static readonly IReadOnlySet<BpfFuncId> Helpers = new HashSet<BpfFuncId>
    {
        BpfFuncId.RingbufOutput, BpfFuncId.RingbufReserve, BpfFuncId.RingbufQuery,
        BpfFuncId.RingbufReserveDynptr, BpfFuncId.RingbufSubmitDynptr, BpfFuncId.RingbufDiscardDynptr,
    };

    private static readonly MapTraits Facts = new() { Only = Helpers, Own = Helpers };

    public override MapTraits Traits(BpfMapType type) => Facts;

    // The kernel checks everything when it allocates, after the capabilities.
    public override int CheckCreate(MapDefinition definition, BpfTask task) => 0;

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        map = null;
        if ((definition.Flags & ~MapFlags.NumaNode) != 0 || definition.KeySize != 0 || definition.ValueSize != 0
            || !BitOperations.IsPow2(definition.MaxEntries) || definition.MaxEntries % PageSize != 0)
        {
            return -Errno.EINVAL;
        }

        var made = new RingbufMap(definition, context);
        if (!made.Allocate())
        {
            made.Put();
            return -Errno.ENOMEM;
        }

        map = made;
        return 0;
    }
}

/// <summary>
/// A ring buffer: programs of all CPUs write records, one reader takes them in order of reservation.
///
/// A record is an 8-byte header (length with two flags; the map) and its data, rounded up to 8. Positions only grow; a record lies at <c>position &amp; mask</c> in one piece. Where
/// the kernel maps its pages twice for that, here the memory is twice as long: a record that crosses the end goes on behind it, and nobody reads that
/// place in another way. Nothing is overwritten before it was read: a reservation that would do so fails.
/// </summary>
public sealed unsafe class RingbufMap(MapDefinition definition, MapContext context) : BpfMap(definition, context)
{
    public const ulong NoWakeup = 1;
    public const ulong ForceWakeup = 2;
    private const uint Busy = 1U << 31;
    private const uint Discarded = 1U << 30;
    private const uint HeaderSize = 8;
    private const ulong LargestRecord = uint.MaxValue / 4;

    private readonly ulong _mask = definition.MaxEntries - 1;
    private readonly ReaderSignal _signal = new();
    private readonly Lock _readLock = new();
    private byte* _data;
    private int _latch;
    private ulong _produced;
    private ulong _pending;
    private ulong _consumed;

    public override ulong MemoryUsage => (ulong)MaxEntries * 2;

    /// <summary>Bytes written and not yet read, headers and unfinished records included.</summary>
    public ulong Available => Volatile.Read(ref _produced) - Volatile.Read(ref _consumed);

    public ulong ProducerPosition => Volatile.Read(ref _produced);
    public ulong ConsumerPosition => Volatile.Read(ref _consumed);

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags) => flags != 0 ? -Errno.EINVAL : -Errno.ENOTSUPP;

    public override int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next) => -Errno.ENOTSUPP;

    /// <summary>Reserves a record; the address of its data, or 0 where it does not fit now or ever.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ulong Reserve(ulong size)
    {
        if (size > LargestRecord)
            return 0;
        ulong length = (size + HeaderSize + 7) & ~7UL;
        if (length > _mask + 1)
            return 0;
        ulong consumed = Volatile.Read(ref _consumed);
        SpinLatch.Enter(ref _latch);
        ulong position = _produced;
        ulong pending = SkipFinished(position);
        if (position + length - consumed > _mask || position + length - pending > _mask)
        {
            SpinLatch.Exit(ref _latch);
            return 0;
        }

        byte* header = _data + (position & _mask);
        *(uint*)header = (uint)size | Busy;
        *(uint*)(header + 4) = (uint)Address;
        Volatile.Write(ref _produced, position + length);
        SpinLatch.Exit(ref _latch);
        return (ulong)(header + HeaderSize);
    }

    /// <summary>Ends a reservation: the record can be read, or is skipped. Wakes the reader where this is the record it waits for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Commit(ulong record, ulong flags, bool discard)
    {
        byte* header = Memory.Resolve(record - HeaderSize);
        uint length = *(uint*)header ^ Busy;
        Interlocked.Exchange(ref *(uint*)header, discard ? length | Discarded : length);
        bool awaited = (Volatile.Read(ref _consumed) & _mask) == (ulong)(header - _data);
        if ((flags & ForceWakeup) != 0 || (awaited && (flags & NoWakeup) == 0))
            _signal.Raise();
    }

    /// <summary>bpf_ringbuf_output: EINVAL for unknown flags, EAGAIN where there is no room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Output(ulong data, ulong size, ulong flags)
    {
        if ((flags & ~(NoWakeup | ForceWakeup)) != 0)
            return -Errno.EINVAL;
        ulong record = Reserve(size);
        if (record == 0)
            return -Errno.EAGAIN;
        Unsafe.CopyBlockUnaligned((void*)record, Memory.Resolve(data), (uint)size);
        Commit(record, flags, false);
        return 0;
    }

    /// <summary>True where an address is data of a record of this ring.</summary>
    internal bool Owns(ulong record) =>
        (ulong)Memory.Resolve(record) - HeaderSize >= (ulong)_data && (ulong)Memory.Resolve(record) < (ulong)_data + 2 * (_mask + 1);

    /// <summary>User space: takes finished records in order, at most <paramref name="limit"/>; discarded ones are skipped.</summary>
    public IReadOnlyList<byte[]> Consume(int limit = int.MaxValue)
    {
        var taken = new List<byte[]>();
        lock (_readLock)
        {
            ulong position = _consumed;
            while (taken.Count < limit && position < Volatile.Read(ref _produced))
            {
                byte* header = _data + (position & _mask);
                uint length = Volatile.Read(ref *(uint*)header);
                if ((length & Busy) != 0)
                    break;
                // A length that only broken code can have written is cut to the ring.
                uint size = (uint)Math.Min(length & ~Discarded, _mask + 1 - HeaderSize);
                if ((length & Discarded) == 0)
                    taken.Add(new ReadOnlySpan<byte>(header + HeaderSize, (int)size).ToArray());
                position += ((ulong)size + HeaderSize + 7) & ~7UL;
                Volatile.Write(ref _consumed, position);
            }
        }

        return taken;
    }

    /// <summary>True where <see cref="Consume"/> would find a finished record.</summary>
    public bool IsReadable
    {
        get
        {
            ulong position = Volatile.Read(ref _consumed);
            return position < Volatile.Read(ref _produced) && (Volatile.Read(ref *(uint*)(_data + (position & _mask))) & Busy) == 0;
        }
    }

    /// <summary>User space: waits until a finished record is there, or a program wakes the reader. Records written with BPF_RB_NO_WAKEUP end no wait. For one reader.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation) => _signal.WaitAsync(() => IsReadable, cancellation);

    internal bool Allocate()
    {
        ulong data = Memory.Allocate((ulong)MaxEntries * 2, 4096);
        _data = (byte*)data;
        return data != 0 && Register();
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller) => -Errno.ENOTSUPP;

    protected internal override int DeleteCore(ReadOnlySpan<byte> key) => -Errno.ENOTSUPP;

    protected override void Release()
    {
        base.Release();
        if (_data != null)
            Memory.Free((ulong)_data, (ulong)MaxEntries * 2);
    }

    /// <summary>The oldest unfinished record: what lies behind it must not be overwritten either, even where the reader has a wrong idea of its place.</summary>
    private ulong SkipFinished(ulong produced)
    {
        ulong at = _pending;
        while (at < produced)
        {
            uint length = Volatile.Read(ref *(uint*)(_data + (at & _mask)));
            if ((length & Busy) != 0)
                break;
            at += ((length & ~Discarded) + HeaderSize + 7) & ~7UL;
        }

        return _pending = at;
    }
}
