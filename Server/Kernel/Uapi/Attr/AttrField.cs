namespace WebBpf.Kernel.Uapi;

/// <summary>What a field of union bpf_attr holds.</summary>
public enum AttrKind
{
    U32,
    S32,
    U64,

    /// <summary>A u32 of an enumeration (<see cref="AttrField.Enum"/>).</summary>
    Enum,

    /// <summary>A char array inside the attr.</summary>
    Chars,

    /// <summary>A byte array inside the struct.</summary>
    Bytes,

    /// <summary>A file descriptor; where a command has no need of it, 0 means none.</summary>
    Fd,

    /// <summary>A file descriptor, or the index of a network device: the attach type tells.</summary>
    FdOrIfindex,

    /// <summary>A file descriptor, or an id where BPF_F_ID is set in the flags.</summary>
    FdOrId,

    /// <summary>A pointer that the kernel reads through.</summary>
    PointerIn,

    /// <summary>A pointer that the kernel writes through.</summary>
    PointerOut,
}

/// <summary>What decides how many bytes lie behind a pointer.</summary>
public enum AttrExtent
{
    /// <summary>Not a pointer.</summary>
    None,

    /// <summary><see cref="AttrField.Count"/> elements of <see cref="AttrField.Element"/> bytes.</summary>
    Counted,

    /// <summary><see cref="AttrField.Count"/> records whose size is the field <see cref="AttrField.RecordSize"/>.</summary>
    Records,

    /// <summary>Up to and with a NUL.</summary>
    Text,

    /// <summary>One key of the map <c>map_fd</c>.</summary>
    MapKey,

    /// <summary>One value of the map as the system call sees it.</summary>
    MapValue,

    /// <summary><see cref="AttrField.Count"/> keys.</summary>
    MapKeys,

    /// <summary><see cref="AttrField.Count"/> values.</summary>
    MapValues,

    /// <summary>A batch cursor: a key, but at least four bytes.</summary>
    BatchCursor,
}

/// <summary>One field of union bpf_attr as one command uses it.</summary>
/// <param name="Name">As the API writes it: flat, with a dot only for the nested members of link_create.</param>
/// <param name="Offset">Bytes from the start of the attr.</param>
/// <param name="Size">Bytes in the attr.</param>
/// <param name="Kind">What it holds.</param>
public sealed record AttrField(string Name, int Offset, int Size, AttrKind Kind)
{
    /// <summary>The kernel writes the field (or what it points to) back.</summary>
    public bool Out { get; init; }

    /// <summary>The enumeration of <see cref="AttrKind.Enum"/> fields.</summary>
    public Type? Enum { get; init; }

    /// <summary>How long the data behind a pointer is.</summary>
    public AttrExtent Extent { get; init; }

    /// <summary>The field that counts what a pointer points to.</summary>
    public string? Count { get; init; }

    /// <summary>Bytes of one counted element.</summary>
    public int Element { get; init; } = 1;

    /// <summary>The field that gives the size of one record.</summary>
    public string? RecordSize { get; init; }

    /// <summary>The data behind a pointer is text.</summary>
    public bool IsText { get; init; }

    /// <summary>The elements behind a pointer are file descriptors (s32).</summary>
    public bool HoldsFds { get; init; }

    /// <summary>The elements behind a pointer are numbers of <see cref="Element"/> bytes rather than opaque bytes.</summary>
    public bool HoldsNumbers { get; init; }

    /// <summary>Name of the data in JSON where it differs from the pointer's (<c>log</c> for <c>log_buf</c>).</summary>
    public string DataName
    {
        get => field ?? Name;
        init;
    }

    public int End => Offset + Size;

    public bool IsPointer => Kind is AttrKind.PointerIn or AttrKind.PointerOut;
}

/// <summary>The fields of one command.</summary>
/// <param name="Command">The command.</param>
/// <param name="Last">The last field the kernel knows for it: bytes after it must be zero (CHECK_ATTR in kernel/bpf/syscall.c).</param>
/// <param name="Fields">All fields; members of one union share offsets.</param>
public sealed record AttrCommand(BpfCommand Command, string Last, IReadOnlyList<AttrField> Fields)
{
    /// <summary>Bytes from which on the attr must be zero.</summary>
    public int UsedBytes { get; } = Fields.Single(f => f.Name == Last).End;

    /// <summary>The flat member of union bpf_attr that the C declaration puts the fields in ("batch", "test"), or null.</summary>
    public string? Member { get; init; }

    /// <summary>The field of a name, or null.</summary>
    public AttrField? Find(string name)
    {
        foreach (AttrField field in Fields)
        {
            if (field.Name == name)
                return field;
        }

        return null;
    }
}
