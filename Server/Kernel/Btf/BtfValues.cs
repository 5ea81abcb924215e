using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// Values of BTF types as JSON: structs and unions as objects, arrays as lists, char arrays as text where they are text, enums by name,
/// pointers as "0x...", bit fields and integers as numbers (128-bit ones as hex text). Types nest as deep as somebody cares to build them and unions
/// multiply, so the work is a list of jobs, not a recursion, and stops at a number of values.
/// </summary>
public sealed class BtfValues
{
    private const int MaxNodes = 100_000;

    private readonly BtfTypes _types;
    private readonly byte[] _data;
    private readonly Stack<Job> _jobs = new();
    private int _nodes;

    private BtfValues(BtfTypes types, byte[] data)
    {
        _types = types;
        _data = data;
    }

    /// <summary>
    /// The value of a type in little-endian bytes; what lies beyond the end of the data is null. Null as well for types without values.
    /// </summary>
    /// <param name="truncated">The value has more than 100,000 parts; the rest is missing.</param>
    public static JsonNode? Read(BtfTypes types, uint type, ReadOnlySpan<byte> data, out bool truncated)
    {
        var reader = new BtfValues(types, data.ToArray());
        JsonNode? root = null;
        reader.Start(types, type, 0, 0, node => root = node);
        while (reader._jobs.TryPop(out Job job) && reader._nodes < MaxNodes)
            reader.Step(job);
        truncated = reader._nodes >= MaxNodes;
        return root;
    }

    public static JsonNode? Read(BtfTypes types, uint type, ReadOnlySpan<byte> data) => Read(types, type, data, out _);

    /// <summary>The value on one line, as JSON without quotes around names would be read: for logs and lists.</summary>
    public static string Text(BtfTypes types, uint type, ReadOnlySpan<byte> data) =>
        Read(types, type, data)?.ToJsonString(Plain) ?? "null";

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a plain value at once; opens a container and leaves its parts to a job.</summary>
    private void Start(BtfTypes types, uint id, long bits, uint width, Action<JsonNode?> put)
    {
        _nodes++;
        BtfType type = Behind(id);
        switch (type.Kind)
        {
            case BtfKind.Struct or BtfKind.Union:
                var members = new JsonObject();
                put(members);
                _jobs.Push(new Job(type, bits, 0, members));
                break;
            case BtfKind.Array when ReadText(type, bits) is string text:
                put(JsonValue.Create(text));
                break;
            case BtfKind.Array:
                var items = new JsonArray();
                put(items);
                if (types.SizeOf(type.ArrayElement) is > 0)
                    _jobs.Push(new Job(type, bits, 0, items));
                break;
            case BtfKind.Datasec:
                var variables = new JsonObject();
                put(variables);
                _jobs.Push(new Job(type, bits, 0, variables));
                break;
            default:
                put(Scalar(type, bits, width));
                break;
        }
    }

    /// <summary>One part of a container; the job comes back for the next part after what the part opened.</summary>
    private void Step(Job job)
    {
        int count = job.Type.Kind == BtfKind.Array ? (int)Math.Min(job.Type.ArrayCount, MaxNodes) : job.Type.Vlen;
        if (job.Next >= count || (job.Type.Kind == BtfKind.Array && job.Bits / 8 >= _data.Length))
            return;
        if (job.Type.Kind == BtfKind.Array)
        {
            long size = _types.SizeOf(job.Type.ArrayElement) ?? 1;
            _jobs.Push(job with { Next = job.Next + 1, Bits = job.Bits + (size * 8) });
            Start(_types, job.Type.ArrayElement, job.Bits, 0, ((JsonArray)job.Container).Add);
            return;
        }

        _jobs.Push(job with { Next = job.Next + 1 });
        var target = (JsonObject)job.Container;
        if (job.Type.Kind == BtfKind.Datasec)
        {
            BtfVarSec entry = job.Type.VarSec(job.Next);
            BtfType variable = _types[entry.Type];
            Start(_types, variable.Type, job.Bits + (entry.Offset * 8L), 0, node => target[Unused(target, _types.Name(variable))] = node);
            return;
        }

        BtfMember member = job.Type.Member(job.Next);
        string name = _types.String(member.NameOff);
        long at = job.Bits + member.BitOffset;
        if (name.Length == 0 && Behind(member.Type) is { Kind: BtfKind.Struct or BtfKind.Union } inner)
        {
            // Members of an anonymous struct or union belong to the one around it.
            _nodes++;
            _jobs.Push(new Job(inner, at, 0, target));
            return;
        }

        Start(_types, member.Type, at, member.BitfieldSize, node => target[Unused(target, name)] = node);
    }

    private BtfType Behind(uint id)
    {
        BtfType type = _types.SkipModifiers(id);
        return type.Kind == BtfKind.Var ? _types.SkipModifiers(type.Type) : type;
    }

    private JsonNode? Scalar(in BtfType type, long bits, uint width)
    {
        bool isInt = type.Kind == BtfKind.Int;
        int size = type.Kind == BtfKind.Ptr ? 64 : width != 0 ? (int)width : isInt ? type.IntBits : (int)Math.Min(type.Size, 16) * 8;
        if (isInt && width == 0)
            bits += type.IntOffset;
        if (type.Kind is not (BtfKind.Int or BtfKind.Ptr or BtfKind.Float) && !type.Kind.IsEnum())
            return null;
        if (bits < 0 || (bits + size + 7) / 8 > _data.Length || size == 0)
            return null;
        UInt128 value = Bits(bits, size);
        if (type.Kind == BtfKind.Ptr)
            return JsonValue.Create($"0x{(ulong)value:x}");
        if (type.Kind == BtfKind.Float)
            return Float((ulong)value, size);
        if (type.Kind.IsEnum())
            return Enum(type, (ulong)value, size);
        if (size > 64)
            return JsonValue.Create($"0x{value:x}");
        if (type.IntEncoding == 4)
            return JsonValue.Create(value != 0);
        return type.IsSigned ? JsonValue.Create((long)((ulong)value << (64 - size)) >> (64 - size)) : JsonValue.Create((ulong)value);
    }

    private static JsonNode? Float(ulong value, int size)
    {
        double number = size switch { 16 => (double)BitConverter.UInt16BitsToHalf((ushort)value), 32 => BitConverter.UInt32BitsToSingle((uint)value), _ => BitConverter.UInt64BitsToDouble(value) };
        return size <= 64 && double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(number.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private JsonNode Enum(in BtfType type, ulong value, int size)
    {
        ulong wide = type.KindFlag && size is > 0 and < 64 ? (ulong)((long)(value << (64 - size)) >> (64 - size)) : value;
        for (int i = 0; i < type.Vlen; i++)
        {
            BtfEnumValue one = type.EnumValue(i);
            if (one.Value == wide)
                return JsonValue.Create(_types.String(one.NameOff))!;
        }

        return type.KindFlag ? JsonValue.Create((long)wide) : JsonValue.Create(wide);
    }

    /// <summary>Up to 128 bits from any bit position, the lowest first.</summary>
    private UInt128 Bits(long at, int size)
    {
        int first = (int)(at / 8), shift = (int)(at % 8);
        Span<byte> bytes = stackalloc byte[24];
        _data.AsSpan(first, Math.Min(17, _data.Length - first)).CopyTo(bytes);
        UInt128 value = BinaryPrimitives.ReadUInt128LittleEndian(bytes) >> shift;
        if (shift != 0)
            value |= (UInt128)bytes[16] << (128 - shift);
        return size >= 128 ? value : value & (((UInt128)1 << size) - 1);
    }

    /// <summary>An array of "char" that holds printable text up to a NUL.</summary>
    private string? ReadText(in BtfType array, long bits)
    {
        BtfType element = _types.SkipModifiers(array.ArrayElement);
        if (element.Kind != BtfKind.Int || element.Size != 1 || array.ArrayCount == 0 || bits % 8 != 0 || !_types.StringBytes(element.NameOff).SequenceEqual("char"u8))
            return null;
        long start = bits / 8;
        if (start + array.ArrayCount > _data.Length)
            return null;
        ReadOnlySpan<byte> text = _data.AsSpan((int)start, (int)array.ArrayCount);
        int end = text.IndexOf((byte)0);
        if (end < 0 || text[end..].ContainsAnyExcept((byte)0))
            return null;
        text = text[..end];
        foreach (byte c in text)
        {
            if (c is < 0x20 or > 0x7e && c is not ((byte)'\n' or (byte)'\t'))
                return null;
        }

        return Encoding.ASCII.GetString(text);
    }

    private static string Unused(JsonObject target, string name)
    {
        string free = name.Length == 0 ? "(anon)" : name;
        for (int i = 2; target.ContainsKey(free); i++)
            free = $"{name}#{i}";
        return free;
    }

    private readonly record struct Job(BtfType Type, long Bits, int Next, JsonNode Container);
}
