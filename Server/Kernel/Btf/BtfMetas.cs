using System.Buffers.Binary;
using System.Numerics;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// Checks each type's own record, without looking at the types it names: lengths, flags, names, offsets in order. As btf_check_all_metas
/// and the check_meta functions in kernel/bpf/btf.c (6.18).
/// </summary>
internal sealed class BtfMetas
{
    private const uint InfoMask = 0x9f00ffff;
    private const uint IntMask = 0x0fffffff;
    private const uint MaxType = 0xfffff;

    private readonly BtfTypes _types;
    private readonly BtfLog _log;

    private BtfMetas(BtfTypes types, BtfLog log)
    {
        _types = types;
        _log = log;
    }

    public static int Check(byte[] raw, in BtfHeader header, BtfLog log, out BtfTypes types)
    {
        int strings = (int)(header.Length + header.StrOff);
        // Names can be read from the start; types are added by a graph of their own when all are known.
        var names = new BtfTypes(raw, [-1], strings, (int)header.StrLen);
        types = names;
        log.CheckingMetas = true;
        var metas = new BtfMetas(names, log);
        var at = new List<int> { -1 };
        int position = (int)(header.Length + header.TypeOff), end = position + (int)header.TypeLen;
        while (position < end)
        {
            var id = (uint)at.Count;
            int left = end - position;
            if (left < BtfType.HeaderSize)
            {
                log.Write($"[{id}] meta_left:{left} meta_needed:{BtfType.HeaderSize}");
                return -Errno.EINVAL;
            }

            var type = new BtfType(raw, position, id);
            int size = metas.CheckOne(type, left - BtfType.HeaderSize);
            if (size < 0)
                return size;
            if (at.Count == MaxType)
            {
                log.Write("Too many types");
                return -Errno.E2BIG;
            }

            at.Add(position);
            position += BtfType.HeaderSize + size;
        }

        log.CheckingMetas = false;
        types = new BtfTypes(raw, [.. at], strings, (int)header.StrLen);
        return 0;
    }

    /// <summary>Offsets of all types of a trusted blob; EINVAL where a record runs over the end all the same.</summary>
    public static int Index(byte[] raw, in BtfHeader header, out BtfTypes? types)
    {
        types = null;
        var at = new List<int>((int)header.TypeLen / 24) { -1 };
        long position = (long)header.Length + header.TypeOff, end = position + header.TypeLen;
        while (position < end)
        {
            if (end - position < BtfType.HeaderSize)
                return -Errno.EINVAL;
            uint info = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan((int)position + 4));
            var kind = (BtfKind)((info >> 24) & 0x1f);
            at.Add((int)position);
            position += BtfType.HeaderSize + Extra(kind, (int)(info & 0xffff));
            if (kind is BtfKind.Void or > BtfKind.Enum64 || position > end)
                return -Errno.EINVAL;
        }

        types = new BtfTypes(raw, [.. at], (int)(header.Length + header.StrOff), (int)header.StrLen);
        return 0;
    }

    /// <summary>Bytes that follow the common record.</summary>
    private static int Extra(BtfKind kind, int vlen) => kind switch
    {
        BtfKind.Int or BtfKind.Var or BtfKind.DeclTag => 4,
        BtfKind.Array => 12,
        BtfKind.Struct or BtfKind.Union or BtfKind.Datasec or BtfKind.Enum64 => vlen * 12,
        BtfKind.Enum or BtfKind.FuncProto => vlen * 8,
        _ => 0,
    };

    private int CheckOne(in BtfType type, int left)
    {
        if ((type.Info & ~InfoMask) != 0)
        {
            _log.Write($"[{type.Id}] Invalid btf_info:{type.Info:x}");
            return -Errno.EINVAL;
        }

        if ((int)type.Kind > BtfKinds.Max || type.Kind == BtfKind.Void)
        {
            _log.Write($"[{type.Id}] Invalid kind:{(int)type.Kind}");
            return -Errno.EINVAL;
        }

        if (!_types.HasString(type.NameOff))
        {
            _log.Write($"[{type.Id}] Invalid name_offset:{type.NameOff}");
            return -Errno.EINVAL;
        }

        int needed = Extra(type.Kind, type.Vlen);
        if (left < needed)
        {
            _log.Basic(_types, type, $"meta_left:{left} meta_needed:{needed}");
            return -Errno.EINVAL;
        }

        int error = type.Kind switch
        {
            BtfKind.Int => CheckInt(type),
            BtfKind.Array => CheckArray(type),
            BtfKind.Struct or BtfKind.Union => CheckComposite(type),
            BtfKind.Enum or BtfKind.Enum64 => CheckEnum(type),
            BtfKind.Fwd => CheckForward(type),
            BtfKind.Func => CheckFunc(type),
            BtfKind.FuncProto => CheckPrototype(type),
            BtfKind.Var => CheckVar(type),
            BtfKind.Datasec => CheckSection(type),
            BtfKind.Float => CheckFloat(type),
            BtfKind.DeclTag => CheckDeclTag(type),
            _ => CheckReference(type),
        };
        return error < 0 ? error : needed;
    }

    private int CheckInt(in BtfType type)
    {
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        if (type.KindFlag)
            return Fail(type, "Invalid btf_info kind_flag");
        if ((type.IntData & ~IntMask) != 0)
        {
            _log.Basic(_types, type, $"Invalid int_data:{type.IntData:x}");
            return -Errno.EINVAL;
        }

        int bits = type.IntBits + type.IntOffset;
        if (bits > 128)
            return Fail(type, "nr_bits exceeds 128");
        if ((bits + 7) / 8 > type.Size)
            return Fail(type, "nr_bits exceeds type_size");
        return type.IntEncoding is 0 or 1 or 2 or 4 ? Accept(type) : Fail(type, "Unsupported encoding", Errno.ENOTSUPP);
    }

    private int CheckReference(in BtfType type)
    {
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        if (type.KindFlag && type.Kind != BtfKind.TypeTag)
            return Fail(type, "Invalid btf_info kind_flag");
        if (type.Type > MaxType)
            return Fail(type, "Invalid type_id");
        bool named = type.Kind switch
        {
            BtfKind.Typedef => HasIdentifier(type),
            BtfKind.TypeTag => !_types.StringBytes(type.NameOff).IsEmpty,
            _ => type.NameOff == 0,
        };
        return named ? Accept(type) : Fail(type, "Invalid name");
    }

    private int CheckForward(in BtfType type)
    {
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        if (type.Type != 0)
            return Fail(type, "type != 0");
        return HasIdentifier(type) ? Accept(type) : Fail(type, "Invalid name");
    }

    private int CheckArray(in BtfType type)
    {
        if (type.NameOff != 0)
            return Fail(type, "Invalid name");
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        if (type.KindFlag)
            return Fail(type, "Invalid btf_info kind_flag");
        if (type.Size != 0)
            return Fail(type, "size != 0");
        if (!IsType(type.ArrayElement))
            return Fail(type, "Invalid elem");
        return IsType(type.ArrayIndex) ? Accept(type) : Fail(type, "Invalid index");
    }

    private int CheckComposite(in BtfType type)
    {
        if (type.NameOff != 0 && !HasIdentifier(type))
            return Fail(type, "Invalid name");
        Accept(type);
        uint last = 0;
        for (int i = 0; i < type.Vlen; i++)
        {
            BtfMember member = type.Member(i);
            string? complaint = null;
            if (!_types.HasString(member.NameOff))
                complaint = $"Invalid member name_offset:{member.NameOff}";
            else if (member.NameOff != 0 && !BtfNames.IsIdentifier(_types.StringBytes(member.NameOff)))
                complaint = "Invalid name";
            else if (!IsType(member.Type))
                complaint = "Invalid type_id";
            else if ((type.Kind == BtfKind.Union && member.BitOffset != 0) || last > member.BitOffset)
                complaint = "Invalid member bits_offset";
            else if (((ulong)member.BitOffset + 7) / 8 > type.Size)
                complaint = "Member bits_offset exceeds its struct size";
            _log.Member(_types, type, member, complaint);
            if (complaint is not null)
                return -Errno.EINVAL;
            last = member.BitOffset;
        }

        return 0;
    }

    private int CheckEnum(in BtfType type)
    {
        if (type.Size > 8 || !BitOperations.IsPow2(type.Size))
            return Fail(type, "Unexpected size");
        if (type.NameOff != 0 && !HasIdentifier(type))
            return Fail(type, "Invalid name");
        Accept(type);
        for (int i = 0; i < type.Vlen; i++)
        {
            BtfEnumValue value = type.EnumValue(i);
            if (!_types.HasString(value.NameOff))
            {
                _log.Write($"\tInvalid name_offset:{value.NameOff}");
                return -Errno.EINVAL;
            }

            if (value.NameOff == 0 || !BtfNames.IsIdentifier(_types.StringBytes(value.NameOff)))
                return Fail(type, "Invalid name");
            if (_log.Enabled)
                _log.Write($"\t{_types.String(value.NameOff)} val={(type.KindFlag ? ((long)value.Value).ToString() : value.Value.ToString())}\n");
        }

        return 0;
    }

    private int CheckPrototype(in BtfType type)
    {
        if (type.NameOff != 0)
            return Fail(type, "Invalid name");
        return type.KindFlag ? Fail(type, "Invalid btf_info kind_flag") : Accept(type);
    }

    private int CheckFunc(in BtfType type)
    {
        if (!HasIdentifier(type))
            return Fail(type, "Invalid name");
        if (type.Vlen > 1)
            return Fail(type, "Invalid func linkage");
        return type.KindFlag ? Fail(type, "Invalid btf_info kind_flag") : Accept(type);
    }

    private int CheckVar(in BtfType type)
    {
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        if (type.KindFlag)
            return Fail(type, "Invalid btf_info kind_flag");
        if (!HasIdentifier(type))
            return Fail(type, "Invalid name");
        if (!IsType(type.Type))
            return Fail(type, "Invalid type_id");
        return type.VarLinkage <= 1 ? Accept(type) : Fail(type, "Linkage not supported");
    }

    private int CheckSection(in BtfType type)
    {
        if (type.Size == 0)
            return Fail(type, "size == 0");
        if (type.KindFlag)
            return Fail(type, "Invalid btf_info kind_flag");
        if (type.NameOff == 0 || !BtfNames.IsSection(_types.StringBytes(type.NameOff)))
            return Fail(type, "Invalid name");
        Accept(type);
        ulong end = 0, sum = 0;
        for (int i = 0; i < type.Vlen; i++)
        {
            BtfVarSec entry = type.VarSec(i);
            string? complaint = null;
            if (!IsType(entry.Type))
                complaint = "Invalid type_id";
            else if (entry.Offset < end || entry.Offset >= type.Size)
                complaint = "Invalid offset";
            else if (entry.Size == 0 || entry.Size > type.Size)
                complaint = "Invalid size";
            else if ((ulong)entry.Offset + entry.Size > type.Size)
                complaint = "Invalid offset+size";
            _log.VarSec(_types, type, entry, complaint);
            if (complaint is not null)
                return -Errno.EINVAL;
            end = (ulong)entry.Offset + entry.Size;
            sum += entry.Size;
        }

        return type.Size < sum ? Fail(type, "Invalid btf_info size") : 0;
    }

    private int CheckFloat(in BtfType type)
    {
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        if (type.KindFlag)
            return Fail(type, "Invalid btf_info kind_flag");
        return type.Size is 2 or 4 or 8 or 12 or 16 ? Accept(type) : Fail(type, "Invalid type_size");
    }

    private int CheckDeclTag(in BtfType type)
    {
        if (_types.StringBytes(type.NameOff).IsEmpty)
            return Fail(type, "Invalid value");
        if (type.Vlen != 0)
            return Fail(type, "vlen != 0");
        return type.ComponentIdx >= -1 ? Accept(type) : Fail(type, "Invalid component_idx");
    }

    private bool HasIdentifier(in BtfType type) => type.NameOff != 0 && BtfNames.IsIdentifier(_types.StringBytes(type.NameOff));

    private static bool IsType(uint id) => id is > 0 and <= MaxType;

    private int Accept(in BtfType type)
    {
        _log.Type(_types, type);
        return 0;
    }

    private int Fail(in BtfType type, string complaint, int error = Errno.EINVAL)
    {
        _log.Type(_types, type, complaint);
        return -error;
    }
}
