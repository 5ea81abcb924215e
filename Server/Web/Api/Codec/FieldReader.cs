using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>Reads one JSON value as the field of an attr; every refusal is a 400 that names the field.</summary>
public static class FieldReader
{
    private static readonly ConcurrentDictionary<Type, Dictionary<string, uint>> EnumNames = new();

    /// <summary>Writes a scalar into the attr.</summary>
    public static void Scalar(AttrField field, JsonElement value, Span<byte> attr)
    {
        switch (field.Kind)
        {
            case AttrKind.Chars:
                Chars(field, value, attr);
                break;
            case AttrKind.Enum when value.ValueKind == JsonValueKind.String && !char.IsAsciiDigit(FirstChar(value)):
                BinaryPrimitives.WriteUInt32LittleEndian(attr[field.Offset..], EnumValue(field, value.GetString()!));
                break;
            default:
                ulong number = Integer(field.Name, value, field.Size);
                if (field.Size == 8)
                    BinaryPrimitives.WriteUInt64LittleEndian(attr[field.Offset..], number);
                else
                    BinaryPrimitives.WriteUInt32LittleEndian(attr[field.Offset..], (uint)number);
                break;
        }
    }

    /// <summary>The bytes that a pointer field stands for.</summary>
    public static byte[] Data(AttrField field, JsonElement value)
    {
        if (field.HoldsNumbers)
            return Numbers(field, value);
        if (value.ValueKind == JsonValueKind.Array)
            throw ApiException.Gap($"{field.DataName} as a list");
        if (value.ValueKind != JsonValueKind.String)
            throw ApiException.Bad(field.DataName, field.IsText ? "text is expected." : "hex is expected.");
        string text = value.GetString()!;
        if (!field.IsText)
            return Hex.Parse(field.DataName, text);
        if (text.Contains('\0'))
            throw ApiException.Bad(field.DataName, "text must not contain NUL.");
        return [.. Encoding.UTF8.GetBytes(text), 0];
    }

    /// <summary>An integer of 4 or 8 bytes, given as number or string; negative ones wrap as in C.</summary>
    public static ulong Integer(string name, JsonElement value, int size)
    {
        decimal number;
        bool isNumber = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDecimal(out number),
            JsonValueKind.String => decimal.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number),
            _ => Fail(out number),
        };
        if (!isNumber || number != decimal.Truncate(number))
            throw ApiException.Bad(name, "an integer is expected, as number or string.");
        decimal least = size == 8 ? long.MinValue : int.MinValue;
        decimal most = size == 8 ? ulong.MaxValue : uint.MaxValue;
        if (number < least || number > most)
            throw ApiException.Bad(name, $"{number} does not fit {size * 8} bits.");
        return number < 0 ? unchecked((ulong)(long)number) : (ulong)number;
    }

    private static bool Fail(out decimal number)
    {
        number = 0;
        return false;
    }

    private static char FirstChar(JsonElement value) => value.GetString() is { Length: > 0 } text ? text[0] : ' ';

    private static void Chars(AttrField field, JsonElement value, Span<byte> attr)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw ApiException.Bad(field.Name, "text is expected.");
        byte[] bytes = Encoding.UTF8.GetBytes(value.GetString()!);
        if (bytes.Length > field.Size)
            throw ApiException.Bad(field.Name, $"at most {field.Size - 1} bytes fit.");
        bytes.CopyTo(attr[field.Offset..]);
    }

    private static uint EnumValue(AttrField field, string name)
    {
        Dictionary<string, uint> names = EnumNames.GetOrAdd(field.Enum!, Names);
        return names.TryGetValue(name, out uint value) ? value : throw ApiException.Bad(field.Name, $"there is no '{name}'.");
    }

    private static Dictionary<string, uint> Names(Type type)
    {
        var names = new Dictionary<string, uint>(StringComparer.OrdinalIgnoreCase);
        foreach (object member in Enum.GetValues(type))
            names.TryAdd(JsonNamingPolicy.SnakeCaseLower.ConvertName(member.ToString()!), Convert.ToUInt32(member, CultureInfo.InvariantCulture));
        foreach (object member in Enum.GetValues(type))
            names.TryAdd(Snake(member.ToString()!), Convert.ToUInt32(member, CultureInfo.InvariantCulture));
        return names;
    }

    /// <summary>As <see cref="UapiName"/> writes names: an underscore before every capital.</summary>
    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static byte[] Numbers(AttrField field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw ApiException.Bad(field.DataName, "a list of numbers is expected.");
        var bytes = new byte[value.GetArrayLength() * field.Element];
        int at = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            ulong number = Integer($"{field.DataName}[{at / field.Element}]", item, field.Element);
            for (int i = 0; i < field.Element; i++)
                bytes[at++] = (byte)(number >> (8 * i));
        }

        return bytes;
    }
}
