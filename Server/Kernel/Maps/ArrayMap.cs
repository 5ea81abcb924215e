using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>array and percpu_array, as kernel/bpf/arraymap.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.Array, BpfMapType.PercpuArray)]
public sealed class ArrayFamily : MapFamily
{
    // PCPU_MIN_UNIT_SIZE: the largest value that exists per CPU.
    internal const uint LargestPerCpuValue = 32 << 10;
    private const uint AllowedFlags = MapFlags.NumaNode | MapFlags.Mmapable | MapFlags.AccessMask | MapFlags.PreserveElems | MapFlags.InnerMap;

    private static readonly MapTraits Shared = new() { ForEach = true, DirectValue = true, Indexed = true };
    private static readonly MapTraits PerCpu = new()
    {
        ForEach = true,
        PerCpu = true,
        Indexed = true,
        Own = new HashSet<BpfFuncId> { BpfFuncId.MapLookupPercpuElem },
    };

    public override MapTraits Traits(BpfMapType type) => type == BpfMapType.Array ? Shared : PerCpu;

    public override int CheckCreate(MapDefinition definition, BpfTask task) => Check(definition);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        map = null;
        // The index mask of the kernel's speculation barrier rounds up to a power of two, which must exist in 32 bits; only unprivileged loads feel it.
        ArrayMap made = definition.Type == BpfMapType.Array ? new ArrayMap(definition, context) : new PercpuArrayMap(definition, context);
        if (!made.Allocate())
        {
            made.Put();
            return -Errno.ENOMEM;
        }

        map = made;
        return 0;
    }

    /// <summary>array_map_alloc_check: for all index maps.</summary>
    internal static int Check(MapDefinition definition)
    {
        bool perCpu = definition.Type == BpfMapType.PercpuArray;
        uint flags = definition.Flags;
        if (definition.MaxEntries == 0 || definition.KeySize != 4 || definition.ValueSize == 0 || (flags & ~AllowedFlags) != 0
            || !ProgramAccessValid(flags) || (perCpu && (flags & MapFlags.NumaNode) != 0))
        {
            return -Errno.EINVAL;
        }

        if (definition.Type != BpfMapType.Array && (flags & (MapFlags.Mmapable | MapFlags.InnerMap)) != 0)
            return -Errno.EINVAL;
        if (definition.Type != BpfMapType.PerfEventArray && (flags & MapFlags.PreserveElems) != 0)
            return -Errno.EINVAL;
        if (definition.ValueSize > int.MaxValue)
            return -Errno.E2BIG;
        return perCpu && ((ulong)definition.ValueSize + 7 & ~7UL) > LargestPerCpuValue ? -Errno.E2BIG : 0;
    }

    /// <summary>array_map_get_next_key: for all index maps.</summary>
    internal static int NextIndex(ReadOnlySpan<byte> key, uint count, Span<byte> next)
    {
        uint index = key.IsEmpty ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(key);
        if (index != uint.MaxValue && index == count - 1)
            return -Errno.ENOENT;
        BinaryPrimitives.WriteUInt32LittleEndian(next, index >= count ? 0 : index + 1);
        return 0;
    }
}

/// <summary>An array: values lie side by side, <see cref="Stride"/> bytes apart.</summary>
public unsafe class ArrayMap(MapDefinition definition, MapContext context) : BpfMap(definition, context)
{
    private ulong _bytes;

    /// <summary>Address of value 0 (of CPU 0).</summary>
    public ulong Values { get; private set; }

    /// <summary>Bytes of one value: value_size rounded up to 8.</summary>
    public uint Stride { get; } = (definition.ValueSize + 7) & ~7U;

    public override ulong MemoryUsage => _bytes;

    public override MapFastPath? FastPath => new() { Values = Values, Stride = Stride, Count = MaxEntries, CpuStride = CpuStride };

    internal override IReadOnlyList<(ulong Start, ulong End)> ValueRanges => [(Values, Values + _bytes)];

    /// <summary>Bytes from one CPU's values to the next CPU's; 0 where all share one.</summary>
    protected ulong CpuStride { get; set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override ulong Lookup(ulong key, int cpu)
    {
        uint index = *(uint*)Memory.Resolve(key);
        return index < MaxEntries ? Values + (ulong)index * Stride + (ulong)cpu * CpuStride : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Update(ulong key, ulong value, ulong flags, int cpu)
    {
        int error = CheckUpdate(*(uint*)Memory.Resolve(key), flags);
        if (error != 0)
            return error;
        Buffer.MemoryCopy(Memory.Resolve(value), Memory.Resolve(Lookup(key, cpu)), ValueSize, ValueSize);
        return 0;
    }

    public override int Delete(ulong key, int cpu) => -Errno.EINVAL;

    public override bool NextElement(ref MapCursor position, int cpu, ulong scratch, out ulong key, out ulong value)
    {
        uint index = position.Element++;
        *(uint*)Memory.Resolve(scratch) = index;
        key = scratch;
        value = index < MaxEntries ? Values + (ulong)index * Stride + (ulong)cpu * CpuStride : 0;
        return index < MaxEntries;
    }

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        // There is no spin lock in any value: BTF with one is refused as a gap when the map is made.
        if (flags != 0)
            return -Errno.EINVAL;
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(key);
        if (index >= MaxEntries)
            return -Errno.ENOENT;
        new ReadOnlySpan<byte>(Memory.Resolve(Values + (ulong)index * Stride), (int)ValueSize).CopyTo(value);
        return 0;
    }

    public override int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next) => ArrayFamily.NextIndex(key, MaxEntries, next);

    public override int DirectValueAddress(uint offset, out ulong address)
    {
        address = 0;
        if (MaxEntries != 1)
            return -Errno.ENOTSUPP;
        if (offset >= ValueSize)
            return -Errno.EINVAL;
        address = Values + offset;
        return 0;
    }

    internal bool Allocate()
    {
        ulong bytes = (ulong)MaxEntries * Stride;
        if (!TryAllocate(bytes, out ulong values, out _bytes))
            return false;
        Values = values;
        return Register();
    }

    internal override int SlotOf(ulong address)
    {
        ulong offset = (uint)address - (ulong)(uint)Values;
        ulong within = CpuStride == 0 ? offset : offset % CpuStride;
        return within < (ulong)MaxEntries * Stride ? (int)(within / Stride) : -1;
    }

    internal override bool KeyOfSlot(int slot, Span<byte> key)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(key, (uint)slot);
        return (uint)slot < MaxEntries;
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(key);
        int error = CheckUpdate(index, flags);
        if (error == 0)
            value[..(int)ValueSize].CopyTo(new Span<byte>(Memory.Resolve(Values + (ulong)index * Stride), (int)ValueSize));
        return error;
    }

    protected internal override int DeleteCore(ReadOnlySpan<byte> key) => -Errno.EINVAL;

    protected virtual bool TryAllocate(ulong bytes, out ulong values, out ulong reserved)
    {
        reserved = bytes;
        values = Memory.Allocate(bytes, bytes >= 4096 ? 4096U : 8U);
        return values != 0;
    }

    protected override void Release()
    {
        base.Release();
        if (Values != 0)
            Memory.Free(Values, _bytes);
    }

    /// <summary>array_map_update_elem: flags first, then the index, then what the flags ask.</summary>
    private int CheckUpdate(uint index, ulong flags)
    {
        if ((flags & ~MapFlags.Lock) > MapFlags.Exist)
            return -Errno.EINVAL;
        if (index >= MaxEntries)
            return -Errno.E2BIG;
        if ((flags & MapFlags.NoExist) != 0)
            return -Errno.EEXIST;
        return (flags & MapFlags.Lock) != 0 ? -Errno.EINVAL : 0;
    }
}

/// <summary>A per-CPU array: each CPU has a whole array of its own; the system call sees all copies of a value, CPU by CPU.</summary>
public sealed unsafe class PercpuArrayMap(MapDefinition definition, MapContext context) : ArrayMap(definition, context)
{
    public override uint UserValueSize => Stride * (uint)Context.Cpus;

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        if (flags != 0)
            return -Errno.EINVAL;
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(key);
        if (index >= MaxEntries)
            return -Errno.ENOENT;
        for (int cpu = 0; cpu < Context.Cpus; cpu++)
            Copy(index, cpu).CopyTo(value[(int)(cpu * Stride)..]);
        return 0;
    }

    // One value's address is not enough where every CPU has its own.
    public override int DirectValueAddress(uint offset, out ulong address)
    {
        address = 0;
        return -Errno.ENOTSUPP;
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(key);
        if (flags > MapFlags.Exist)
            return -Errno.EINVAL;
        if (index >= MaxEntries)
            return -Errno.E2BIG;
        if (flags == MapFlags.NoExist)
            return -Errno.EEXIST;
        for (int cpu = 0; cpu < Context.Cpus; cpu++)
            value.Slice((int)(cpu * Stride), (int)Stride).CopyTo(Copy(index, cpu));
        return 0;
    }

    protected override bool TryAllocate(ulong bytes, out ulong values, out ulong reserved)
    {
        var area = PerCpuArea.Allocate(Memory, bytes, Context.Cpus);
        CpuStride = area.Stride;
        values = area.Address;
        reserved = area.Size;
        return values != 0;
    }

    private Span<byte> Copy(uint index, int cpu) =>
        new(Memory.Resolve(Values + (ulong)index * Stride + (ulong)cpu * CpuStride), (int)Stride);
}
