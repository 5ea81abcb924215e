using System.Buffers.Binary;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// A view of one type in a BTF blob (struct btf_type and what follows it); reads on demand, allocates nothing.
/// </summary>
public readonly struct BtfType
{
    /// <summary>Bytes of struct btf_type.</summary>
    public const int HeaderSize = 12;

    private readonly byte[]? _raw;
    private readonly int _at;

    /// <summary>The type of the given id whose record begins at byte <paramref name="at"/> of the blob.</summary>
    internal BtfType(byte[] raw, int at, uint id)
    {
        _raw = raw;
        _at = at;
        Id = id;
    }

    public uint Id { get; }

    public uint NameOff => Word(0);

    public uint Info => Word(1);

    /// <summary>Bytes of a value, for kinds that have a size.</summary>
    public uint Size => Word(2);

    /// <summary>The type referred to, for kinds that refer to one.</summary>
    public uint Type => Word(2);

    public BtfKind Kind => (BtfKind)((Info >> 24) & 0x1f);

    /// <summary>Number of members, values, parameters or variables; the linkage of a function.</summary>
    public int Vlen => (int)(Info & 0xffff);

    public bool KindFlag => Info >> 31 != 0;

    // INT: | encoding:4 | offset:8 | 0:8 | bits:8 |
    public uint IntData => Word(3);

    public int IntBits => (int)(IntData & 0xff);

    public int IntOffset => (int)((IntData >> 16) & 0xff);

    /// <summary>1 signed, 2 character, 4 boolean, 0 none.</summary>
    public uint IntEncoding => (IntData >> 24) & 0xf;

    public bool IsSigned => Kind == BtfKind.Int ? IntEncoding == 1 : KindFlag;

    /// <summary>1, 2, 4, 8 or 16 whole bytes, not moved inside its size (btf_type_int_is_regular).</summary>
    public bool IsRegularInt => IntOffset == 0 && IntBits is (8 or 16 or 32 or 64 or 128);

    public uint ArrayElement => Word(3);

    public uint ArrayIndex => Word(4);

    public uint ArrayCount => Word(5);

    /// <summary>Linkage of a variable: 0 static, 1 global.</summary>
    public uint VarLinkage => Word(3);

    /// <summary>Which member or parameter a declaration tag is about; -1 for the whole.</summary>
    public int ComponentIdx => (int)Word(3);

    public BtfMember Member(int i) => new(Word(3 + (i * 3)), Word(4 + (i * 3)), Word(5 + (i * 3)), KindFlag);

    public BtfParam Param(int i) => new(Word(3 + (i * 2)), Word(4 + (i * 2)));

    public BtfVarSec VarSec(int i) => new(Word(3 + (i * 3)), Word(4 + (i * 3)), Word(5 + (i * 3)));

    /// <summary>A value of an enum or enum64, sign-extended where the enum is signed.</summary>
    public BtfEnumValue EnumValue(int i)
    {
        if (Kind == BtfKind.Enum64)
            return new(Word(3 + (i * 3)), Word(4 + (i * 3)) | ((ulong)Word(5 + (i * 3)) << 32));
        uint value = Word(4 + (i * 2));
        return new(Word(3 + (i * 2)), KindFlag ? (ulong)(int)value : value);
    }

    // Id 0, void, has no record: all of it reads as zero.
    private uint Word(int i) => _raw is null ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(_raw.AsSpan(_at + (i * 4)));
}

/// <summary>A member of a struct or union.</summary>
public readonly record struct BtfMember(uint NameOff, uint Type, uint RawOffset, bool KindFlag)
{
    /// <summary>Bits from the start of the struct.</summary>
    public uint BitOffset => KindFlag ? RawOffset & 0xffffff : RawOffset;

    /// <summary>Bits of a bit field; 0 for other members.</summary>
    public uint BitfieldSize => KindFlag ? RawOffset >> 24 : 0;
}

/// <summary>A parameter; type 0 at the end means variable arguments.</summary>
public readonly record struct BtfParam(uint NameOff, uint Type);

/// <summary>A variable in a section, in bytes.</summary>
public readonly record struct BtfVarSec(uint Type, uint Offset, uint Size);

/// <summary>One value of an enumeration.</summary>
public readonly record struct BtfEnumValue(uint NameOff, ulong Value);
