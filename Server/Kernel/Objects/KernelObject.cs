namespace WebBpf.Kernel.Objects;

/// <summary>
/// A reference-counted object of the kernel: it lives while an fd, a pin, a link, another object or a run holds it
/// (as bpf_prog_inc/put, bpf_map_inc/put). Created with one reference, which its creator owns.
/// </summary>
public abstract class KernelObject
{
    private int _references = 1;
    private int _users;

    /// <summary>The id in its own id space (programs, maps, BTF objects and links each have one), 0 before it is published.</summary>
    public uint Id { get; protected internal set; }

    /// <summary>What it is, for those who hold it by an fd.</summary>
    public virtual ObjectKind Kind => ObjectKind.Other;

    /// <summary>Current number of references; for views only, it may have changed when it is read.</summary>
    public int References => Volatile.Read(ref _references);

    /// <summary>Takes a reference where the object is still alive, as bpf_map_inc_not_zero.</summary>
    public bool TryGet()
    {
        int seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            int was = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (was == seen)
                return true;
            seen = was;
        }

        return false;
    }

    /// <summary>Takes a further reference; the caller must already hold one.</summary>
    public void Get()
    {
        if (!TryGet())
            throw new InvalidOperationException($"{GetType().Name} {Id} was used after its last reference was dropped.");
    }

    /// <summary>Drops a reference; the last one releases the object.</summary>
    public void Put()
    {
        int left = Interlocked.Decrement(ref _references);
        if (left < 0)
            throw new InvalidOperationException($"{GetType().Name} {Id} was dropped more often than taken.");
        if (left == 0)
        {
            Released?.Invoke(this);
            Release();
        }
    }

    /// <summary>Counts a file descriptor or a pin, beside the reference it holds (bpf_map_inc_with_uref).</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>One descriptor or pin less; the last one calls <see cref="LastUserGone"/> while its reference still holds the object.</summary>
    public void DropUser()
    {
        if (Interlocked.Decrement(ref _users) == 0)
            LastUserGone();
    }

    /// <summary>Raised once, before <see cref="Release"/>: the id tables take the object out here.</summary>
    public event Action<KernelObject>? Released;

    /// <summary>No descriptor and no pin is left: a prog_array empties itself here, so that it and its programs do not hold each other for ever (map_release_uref).</summary>
    protected virtual void LastUserGone()
    {
    }

    /// <summary>Frees what the object holds: memory, and references to other objects.</summary>
    protected abstract void Release();
}
