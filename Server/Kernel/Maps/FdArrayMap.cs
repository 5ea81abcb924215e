using System.Buffers.Binary;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>
/// An index map whose values are objects: the system call writes fds and reads ids (fd_array in kernel/bpf/arraymap.c). Each entry holds a
/// reference on its object, which is dropped once no run can see it any more.
/// </summary>
public abstract class FdArrayMap<T>(MapDefinition definition, MapContext context) : BpfMap(definition, context)
    where T : KernelObject
{
    private readonly T?[] _entries = new T?[definition.MaxEntries];

    public override ulong MemoryUsage => (ulong)_entries.Length * 8;

    /// <summary>The object at an index without a reference of its own; null where none is.</summary>
    public T? Peek(uint index)
    {
        T?[] entries = _entries;
        return index < (uint)entries.Length ? Volatile.Read(ref entries[index]) : null;
    }

    /// <summary>The object at an index with a reference for the caller.</summary>
    public T? Acquire(uint index) => Peek(index) is { } found && found.TryGet() ? found : null;

    public override int LookupElem(ReadOnlySpan<byte> key, Span<byte> value, ulong flags)
    {
        if (flags != 0)
            return -Errno.EINVAL;
        if (!ReadsIds)
            return -Errno.ENOTSUPP;
        if (Peek(BinaryPrimitives.ReadUInt32LittleEndian(key)) is not { } found)
            return -Errno.ENOENT;
        BinaryPrimitives.WriteUInt32LittleEndian(value, found.Id);
        return 0;
    }

    public override int GetNextKey(ReadOnlySpan<byte> key, Span<byte> next) => ArrayFamily.NextIndex(key, MaxEntries, next);

    internal bool Allocate() => Register();

    /// <summary>Restores an entry by the object itself; takes a reference. E2BIG, or EINVAL where it does not fit the map.</summary>
    internal int Restore(uint index, T item)
    {
        if (index >= MaxEntries)
            return -Errno.E2BIG;
        int error = Accept(item);
        if (error != 0)
            return error;
        item.Get();
        Exchange(index, item);
        return 0;
    }

    protected internal override int UpdateCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, MapCaller caller)
    {
        if (flags != MapFlags.Any)
            return -Errno.EINVAL;
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(key);
        if (index >= MaxEntries)
            return -Errno.E2BIG;
        if (caller.Fds is not { } fds)
            return -Errno.EBADF;
        if (Resolve(fds, BinaryPrimitives.ReadInt32LittleEndian(value), out int error) is not { } found)
            return error;
        error = Accept(found);
        if (error != 0)
        {
            found.Put();
            return error;
        }

        Exchange(index, found);
        return 0;
    }

    protected internal override int DeleteCore(ReadOnlySpan<byte> key)
    {
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(key);
        if (index >= MaxEntries)
            return -Errno.E2BIG;
        return Exchange(index, null) ? 0 : -Errno.ENOENT;
    }

    /// <summary>Whether the system call may read ids.</summary>
    protected virtual bool ReadsIds => true;

    /// <summary>The object behind an fd with a reference, or null and a negative errno.</summary>
    protected abstract T? Resolve(IMapFdResolver fds, int fd, out int error);

    /// <summary>Whether an object may be put into this map: 0 or a negative errno.</summary>
    protected virtual int Accept(T item) => 0;

    protected override void Release()
    {
        base.Release();
        for (uint i = 0; i < MaxEntries; i++)
            Exchange(i, null);
    }

    private bool Exchange(uint index, T? item)
    {
        T? old = Interlocked.Exchange(ref _entries[index], item);
        if (old is not null)
            Context.Retire(old);
        return old is not null;
    }
}
