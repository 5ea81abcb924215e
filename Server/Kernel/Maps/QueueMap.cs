using WebBpf.Kernel.Maps.Hash;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>queue and stack, as kernel/bpf/queue_stack_maps.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.Queue, BpfMapType.Stack)]
public sealed class QueueFamily : MapFamily
{
    // KMALLOC_MAX_SIZE.
    private const uint LargestValue = 4 << 20;

    private static readonly IReadOnlySet<BpfFuncId> Helpers = new HashSet<BpfFuncId> { BpfFuncId.MapPushElem, BpfFuncId.MapPopElem, BpfFuncId.MapPeekElem };
    private static readonly MapTraits Facts = new() { Only = Helpers, Own = Helpers };

    public override MapTraits Traits(BpfMapType type) => Facts;

    /// <summary>queue_stack_map_alloc_check.</summary>
    public override int CheckCreate(MapDefinition definition, BpfTask task)
    {
        if (definition.MaxEntries == 0 || definition.KeySize != 0 || definition.ValueSize == 0
            || (definition.Flags & ~(MapFlags.NumaNode | MapFlags.AccessMask)) != 0 || !ProgramAccessValid(definition.Flags))
        {
            return -Errno.EINVAL;
        }

        return definition.ValueSize > LargestValue ? -Errno.E2BIG : 0;
    }

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        var made = new QueueMap(definition, context);
        bool room = made.Allocate();
        map = room ? made : null;
        if (!room)
            made.Put();
        return room ? 0 : -Errno.ENOMEM;
    }
}

/// <summary>
/// A ring of values between tail (oldest) and head, with one place that is never used. A queue gives the oldest first, a stack the newest. The system call pushes by
/// update, peeks by lookup and pops by lookup_and_delete, all without a key.
/// </summary>
public sealed unsafe class QueueMap(MapDefinition definition, MapContext context) : BpfMap(definition, context)
{
    private readonly uint _places = definition.MaxEntries + 1;
    private byte* _values;
    private uint _head;
    private uint _tail;
    private int _latch;

    public override ulong MemoryUsage => (ulong)_places * ValueSize;

    public override int Push(ulong value, ulong flags) => Put(Memory.Resolve(value), flags);

    public override int Pop(ulong value) => Get(Memory.Resolve(value), remove: true);

    public override int Peek(ulong value) => Get(Memory.Resolve(value), remove: false);

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        if (flags != 0)
            return -Errno.EINVAL;
        fixed (byte* into = value)
            return Get(into, remove: false);
    }

    public override int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next) => -Errno.EINVAL;

    internal bool Allocate()
    {
        if (_places == 0)
            return false;
        _values = (byte*)Memory.Allocate(MemoryUsage);
        return _values != null && Register();
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        fixed (byte* from = value)
            return Put(from, flags);
    }

    protected internal override int LookupAndDeleteCore(ReadOnlySpan<byte> key, Span<byte> value)
    {
        fixed (byte* into = value)
            return Get(into, remove: true);
    }

    protected internal override int DeleteCore(ReadOnlySpan<byte> key) => -Errno.EINVAL;

    protected override void Release()
    {
        base.Release();
        if (_values != null)
            Memory.Free((ulong)_values, MemoryUsage);
    }

    /// <summary>queue_stack_map_push_elem: BPF_EXIST makes room in a full map by dropping the oldest value.</summary>
    private int Put(byte* value, ulong flags)
    {
        if ((flags & MapFlags.NoExist) != 0 || flags > MapFlags.Exist)
            return -Errno.EINVAL;
        SpinLatch.Enter(ref _latch);
        uint next = After(_head);
        bool full = next == _tail;
        if (!full || flags == MapFlags.Exist)
        {
            if (full)
                _tail = After(_tail);
            Buffer.MemoryCopy(value, Place(_head), ValueSize, ValueSize);
            _head = next;
            full = false;
        }

        SpinLatch.Exit(ref _latch);
        return full ? -Errno.E2BIG : 0;
    }

    /// <summary>The value whose turn it is; an empty map gives ENOENT and zeros.</summary>
    private int Get(byte* into, bool remove)
    {
        SpinLatch.Enter(ref _latch);
        bool empty = _head == _tail;
        if (empty)
        {
            new Span<byte>(into, (int)ValueSize).Clear();
        }
        else if (Type == BpfMapType.Queue)
        {
            Buffer.MemoryCopy(Place(_tail), into, ValueSize, ValueSize);
            if (remove)
                _tail = After(_tail);
        }
        else
        {
            uint newest = _head == 0 ? _places - 1 : _head - 1;
            Buffer.MemoryCopy(Place(newest), into, ValueSize, ValueSize);
            if (remove)
                _head = newest;
        }

        SpinLatch.Exit(ref _latch);
        return empty ? -Errno.ENOENT : 0;
    }

    private byte* Place(uint at) => _values + (ulong)at * ValueSize;

    private uint After(uint at) => at + 1 == _places ? 0 : at + 1;
}
