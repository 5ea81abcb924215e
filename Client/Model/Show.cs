using System.Globalization;
using System.Text.Json;

namespace WebBpf.Client.Model;

/// <summary>Numbers, times and values as pages write them.</summary>
public static class Show
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>With a thousands separator.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Bytes(ulong value) => value switch
    {
        < 10_000 => $"{Number(value)} B",
        < 10_000_000 => $"{Number(value / 1024)} KiB",
        _ => $"{Number(value / 1_048_576)} MiB",
    };

    /// <summary>The time of day with milliseconds, UTC.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    public static string Date(DateTimeOffset? at) => at is { } time ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";

    /// <summary>Average run time.</summary>
    public static string PerRun(ulong nanoseconds, ulong runs) => runs == 0 ? "" : $"{Number(nanoseconds / runs)} ns";

    /// <summary>Hex in pairs, at most <paramref name="max"/> bytes of it.</summary>
    public static string Hex(string? hex, int max = int.MaxValue)
    {
        if (hex is null)
            return "";
        int bytes = hex.Length / 2;
        string shown = string.Join(' ', Enumerable.Range(0, Math.Min(bytes, max)).Select(i => hex.Substring(2 * i, 2)));
        return bytes > max ? $"{shown} … ({Number(bytes)} bytes)" : shown;
    }

    public static string Of(object? value) => value is null ? "" : JsonSerializer.Serialize(value, Json);

    /// <summary>The bytes of a hex text, null where it is none. Blanks are allowed.</summary>
    public static byte[]? Parse(string? hex)
    {
        string digits = string.Concat((hex ?? "").Where(c => !char.IsWhiteSpace(c)));
        if (digits.Length % 2 != 0 || !digits.All(char.IsAsciiHexDigit))
            return null;
        return Convert.FromHexString(digits);
    }
}
