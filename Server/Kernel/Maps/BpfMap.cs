using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>
/// A map. Two faces: the one of programs takes addresses in the sandbox and allocates nothing; the one of the system call
/// copies keys and values. Every method returns 0 (or a count) or a negative errno, as map_ops in linux/bpf.h.
/// </summary>
public abstract class BpfMap : KernelObject
{
    protected BpfMap(MapDefinition definition, MapContext context)
    {
        Definition = definition;
        Context = context;
    }

    public override ObjectKind Kind => ObjectKind.Map;
    public MapDefinition Definition { get; }
    public MapContext Context { get; }
    public BpfMemory Memory => Context.Memory;
    public BpfMapType Type => Definition.Type;
    public uint KeySize => Definition.KeySize;
    public uint ValueSize => Definition.ValueSize;
    public uint MaxEntries => Definition.MaxEntries;

    /// <summary>
    /// What a program holds as "pointer to map": the address of this map's 16-byte header in the sandbox, whose first four bytes are
    /// the index under which <see cref="MapContext"/> finds the map again.
    /// </summary>
    public ulong Address { get; protected set; }

    /// <summary>Set by BPF_MAP_FREEZE: the system call can no longer write.</summary>
    public bool Frozen { get; set; }

    /// <summary>Bytes of one value as the system call sees it: <c>round_up(value_size, 8) * possible CPUs</c> for per-CPU maps.</summary>
    public virtual uint UserValueSize => ValueSize;

    /// <summary>Bytes of memory held, as memlock in fdinfo.</summary>
    public abstract ulong MemoryUsage { get; }

    // Programs: addresses in the sandbox; cpu is the run's virtual CPU.

    /// <summary>Address of the value, or 0 where there is none, as map_lookup_elem.</summary>
    public virtual ulong Lookup(ulong key, int cpu) => 0;

    public virtual int Update(ulong key, ulong value, ulong flags, int cpu) => -Errno.EOPNOTSUPP;

    public virtual int Delete(ulong key, int cpu) => -Errno.EOPNOTSUPP;

    // System call: spans; key.Length == KeySize, value.Length == UserValueSize.

    public virtual int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags) => -Errno.EOPNOTSUPP;

    public virtual int UpdateElem(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags) => -Errno.EOPNOTSUPP;

    public virtual int DeleteElem(ReadOnlySpan<byte> key) => -Errno.EOPNOTSUPP;

    /// <summary>The key after <paramref name="key"/> (the first where it is empty or not found), or ENOENT at the end.</summary>
    public virtual int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next) => -Errno.EOPNOTSUPP;

    /// <summary>
    /// Whether the verifier lets programs read or write values directly at an offset (array maps used through
    /// BPF_PSEUDO_MAP_VALUE): gives the real address of value bytes at <paramref name="offset"/>, or a negative errno, as map_direct_value_addr.
    /// </summary>
    public virtual int DirectValueAddress(uint offset, out ulong address)
    {
        address = 0;
        return -Errno.ENOTSUPP;
    }
}
