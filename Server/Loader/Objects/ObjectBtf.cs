using System.Buffers.Binary;
using WebBpf.Loader.Elf;

namespace WebBpf.Loader.Objects;

/// <summary>
/// The BTF of an object file as a loader needs it: types by id over the raw bytes, which may be edited in place (clang leaves the sizes and
/// offsets of data sections open; libbpf fills them in, and so do we) before the kernel validates them. Checks no more than its own reads need.
/// </summary>
internal sealed class ObjectBtf
{
    //  struct btf_type:  0 name_off | 4 info (vlen 0-15, kind 24-28, flag 31) | 8 size or type | 12 what the kind adds
    private const int TypeSize = 12;
    private const int MaxTypes = 1 << 20;
    private const int MaxChain = 64;

    private readonly byte[] _raw;
    private readonly ByteReader _reader;
    private readonly ByteReader _strings;
    private readonly List<int> _offsets = [0];

    public ObjectBtf(byte[] raw)
    {
        _raw = raw;
        _reader = new ByteReader(raw, ".BTF");
        if (_reader.U16(0) != 0xeb9f)
            throw new ObjectFormatException(".BTF", 0, $"magic 0x{_reader.U16(0):x4}, expected 0xeb9f");
        uint header = _reader.U32(4), stringsAt = _reader.U32(16), stringsLength = _reader.U32(20);
        _reader.Slice((long)header + stringsAt, stringsLength);
        _strings = new ByteReader(raw.AsMemory((int)(header + stringsAt), (int)stringsLength), ".BTF strings");
        IndexTypes((long)header + _reader.U32(8), _reader.U32(12));
    }

    /// <summary>Number of types; ids run from 1 to this.</summary>
    public int Count => _offsets.Count - 1;

    public byte[] Raw => _raw;

    public string String(uint offset) => _strings.CString(offset);

    public BtfKind Kind(uint id) => id == 0 ? BtfKind.Void : (BtfKind)((Info(id) >> 24) & 0x1f);

    public string Name(uint id) => id == 0 ? "void" : String(_reader.U32(At(id)));

    /// <summary>Number of members, values, parameters or variables.</summary>
    public int Length(uint id) => (int)(Info(id) & 0xffff);

    public uint SizeOrType(uint id) => _reader.U32(At(id) + 8);

    public IEnumerable<(string Name, uint Type, uint BitOffset)> Members(uint id)
    {
        for (int i = 0, at = At(id) + TypeSize; i < Length(id); i++, at += 12)
            yield return (String(_reader.U32(at)), _reader.U32(at + 4), _reader.U32(at + 8) & ((Info(id) >> 31) != 0 ? 0xff_ffff : uint.MaxValue));
    }

    public (uint Element, uint Count) Array(uint id) => (_reader.U32(At(id) + TypeSize), _reader.U32(At(id) + TypeSize + 8));

    public IReadOnlyList<DatasecEntry> Variables(uint id)
    {
        var found = new DatasecEntry[Length(id)];
        for (int i = 0, at = At(id) + TypeSize; i < found.Length; i++, at += 12)
            found[i] = new DatasecEntry(_reader.U32(at), _reader.U32(at + 4), _reader.U32(at + 8));
        return found;
    }

    /// <summary>Linkage of a variable: 0 static, 1 global, 2 extern.</summary>
    public uint VarLinkage(uint id) => _reader.U32(At(id) + TypeSize);

    /// <summary>The type behind const, volatile, restrict, typedef and tags.</summary>
    public uint Resolve(uint id)
    {
        for (int i = 0; i < MaxChain; i++)
        {
            if (Kind(id) is not (BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag))
                return id;
            id = SizeOrType(id);
        }

        throw new ObjectFormatException(".BTF", At(id), $"type {id} is a chain of more than {MaxChain} modifiers");
    }

    /// <summary>Bytes of a value of this type.</summary>
    public uint SizeOf(uint id)
    {
        ulong factor = 1;
        for (int i = 0; i < MaxChain; i++)
        {
            id = Resolve(id);
            switch (Kind(id))
            {
                case BtfKind.Pointer:
                    return Checked(factor * 8, id);
                case BtfKind.Array:
                    (id, uint count) = Array(id);
                    factor = Checked(factor * count, id);
                    break;
                case BtfKind.Int or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Float or BtfKind.DataSection:
                    return Checked(factor * SizeOrType(id), id);
                default:
                    throw new ObjectFormatException(".BTF", At(id), $"type {id} ({Kind(id)}) has no size");
            }
        }

        throw new ObjectFormatException(".BTF", At(id), $"type {id} is nested more than {MaxChain} times");
    }

    /// <summary>Id of a data section by name, 0 where there is none.</summary>
    public uint FindDataSection(string name)
    {
        for (uint id = 1; id <= Count; id++)
        {
            if (Kind(id) == BtfKind.DataSection && Name(id) == name)
                return id;
        }

        return 0;
    }

    /// <summary>Sets a data section's size and the offsets of its variables, in ascending order as the kernel demands.</summary>
    public void SetDataSection(uint id, uint size, IEnumerable<DatasecEntry> variables)
    {
        int at = At(id);
        BinaryPrimitives.WriteUInt32LittleEndian(_raw.AsSpan(at + 8), size);
        at += TypeSize;
        foreach (DatasecEntry variable in variables.OrderBy(v => v.Offset))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_raw.AsSpan(at), variable.Type);
            BinaryPrimitives.WriteUInt32LittleEndian(_raw.AsSpan(at + 4), variable.Offset);
            BinaryPrimitives.WriteUInt32LittleEndian(_raw.AsSpan(at + 8), variable.Size);
            at += 12;
        }
    }

    /// <summary>Makes a function static: the verifier then checks it where it is called (hidden functions, as libbpf does).</summary>
    public void MakeStatic(uint function)
    {
        int at = At(function) + 4;
        BinaryPrimitives.WriteUInt32LittleEndian(_raw.AsSpan(at), Info(function) & 0xffff_0000);
    }

    private uint Checked(ulong size, uint id) =>
        size <= int.MaxValue ? (uint)size : throw new ObjectFormatException(".BTF", At(id), $"type {id} has {size} bytes");

    private void IndexTypes(long start, uint length)
    {
        _reader.Slice(start, length);
        long at = start, end = start + length;
        while (at < end)
        {
            if (end - at < TypeSize)
                throw new ObjectFormatException(".BTF", at, "a type is cut off");
            uint info = _reader.U32(at + 4);
            long extra = ExtraBytes((BtfKind)((info >> 24) & 0x1f), info & 0xffff)
                ?? throw new ObjectFormatException(".BTF", at + 4, $"kind {(info >> 24) & 0x1f} is unknown");
            if (end - at - TypeSize < extra)
                throw new ObjectFormatException(".BTF", at, "a type is cut off");
            if (_offsets.Count > MaxTypes)
                throw new ObjectFormatException(".BTF", at, $"more than {MaxTypes} types");
            _offsets.Add((int)at);
            at += TypeSize + extra;
        }
    }

    private static long? ExtraBytes(BtfKind kind, uint length) => kind switch
    {
        BtfKind.Int or BtfKind.Var or BtfKind.DeclTag => 4,
        BtfKind.Array => 12,
        BtfKind.Struct or BtfKind.Union or BtfKind.DataSection or BtfKind.Enum64 => length * 12L,
        BtfKind.Enum or BtfKind.FuncProto => length * 8L,
        BtfKind.Pointer or BtfKind.Forward or BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict
            or BtfKind.Func or BtfKind.Float or BtfKind.TypeTag => 0,
        _ => null,
    };

    private int At(uint id) => id != 0 && id <= Count
        ? _offsets[(int)id]
        : throw new ObjectFormatException(".BTF", 0, $"type {id} does not exist");

    private uint Info(uint id) => _reader.U32(At(id) + 4);
}

/// <summary>One variable of a data section.</summary>
internal readonly record struct DatasecEntry(uint Type, uint Offset, uint Size);

/// <summary>Kinds of BTF types, as BTF_KIND_* in linux/btf.h.</summary>
internal enum BtfKind
{
    Void = 0,
    Int,
    Pointer,
    Array,
    Struct,
    Union,
    Enum,
    Forward,
    Typedef,
    Volatile,
    Const,
    Restrict,
    Func,
    FuncProto,
    Var,
    DataSection,
    Float,
    DeclTag,
    TypeTag,
    Enum64,
}
