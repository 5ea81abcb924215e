using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WebBpf.Server.Api;

/// <summary>The JSON of the service: snake_case, integers accepted as number or string, integers beyond 2^53-1 written as strings.</summary>
public static class WireJson
{
    /// <summary>Largest integer that every JSON reader keeps exact.</summary>
    public const long MaxExact = (1L << 53) - 1;

    public static readonly JsonSerializerOptions Options = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.AllowReadingFromString;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.MaxDepth = 64;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        options.Converters.Add(new ExactLong());
        options.Converters.Add(new ExactULong());
        return options;
    }

    private sealed class ExactLong : JsonConverter<long>
    {
        public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String && long.TryParse(reader.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed))
                return parsed;
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long value))
                return value;
            throw new JsonException("Expected an integer of 64 bits, as number or string.");
        }

        public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options)
        {
            if (value is > MaxExact or < -MaxExact)
                writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
            else
                writer.WriteNumberValue(value);
        }
    }

    private sealed class ExactULong : JsonConverter<ulong>
    {
        public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String && ulong.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong parsed))
                return parsed;
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out ulong value))
                return value;
            throw new JsonException("Expected an unsigned integer of 64 bits, as number or string.");
        }

        public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options)
        {
            if (value > MaxExact)
                writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
            else
                writer.WriteNumberValue(value);
        }
    }
}
