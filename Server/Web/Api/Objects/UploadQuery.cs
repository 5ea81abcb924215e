using System.Globalization;
using System.Numerics;
using Microsoft.AspNetCore.Mvc;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;

namespace WebBpf.Server.Api.Objects;

/// <summary>The query of an upload.</summary>
public sealed record UploadQuery
{
    [FromQuery(Name = "name")]
    public string? Name { get; init; }

    [FromQuery(Name = "log_level")]
    public uint? LogLevel { get; init; }

    /// <summary>Names of programs with commas between them; all where absent.</summary>
    [FromQuery(Name = "programs")]
    public string? Programs { get; init; }

    /// <summary>A directory of the bpffs: maps and programs are pinned in it by their names.</summary>
    [FromQuery(Name = "pin")]
    public string? Pin { get; init; }

    [FromQuery(Name = "attach")]
    public bool? Attach { get; init; }

    [FromQuery(Name = "dry_run")]
    public bool? DryRun { get; init; }

    /// <summary>Values of global variables: <c>name=value,...</c>, integers (decimal or 0x).</summary>
    [FromQuery(Name = "globals")]
    public string? Globals { get; init; }

    /// <exception cref="ApiException">400 naming the parameter.</exception>
    public LoadOptions Options(BpfObject source)
    {
        uint level = LogLevel ?? 1;
        if (level > 7)
            throw ApiException.Bad("log_level", "0 to 7 is expected.");
        return new LoadOptions
        {
            LogLevel = level,
            RetryLogLevel = Math.Max(2, level),
            Programs = Programs?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(),
            Globals = GlobalValues(source),
        };
    }

    private Dictionary<string, byte[]> GlobalValues(BpfObject source)
    {
        var values = new Dictionary<string, byte[]>();
        foreach (string part in Globals?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            int equals = part.IndexOf('=');
            if (equals <= 0)
                throw ApiException.Bad("globals", $"'{part}' is not of the form name=value.");
            string name = part[..equals];
            if (!source.Globals.TryGetValue(name, out GlobalVariable variable))
                throw ApiException.Bad("globals", $"the object has no global variable '{name}'.");
            values[name] = Bytes(name, part[(equals + 1)..], (int)variable.Size);
        }

        return values;
    }

    private static byte[] Bytes(string name, string text, int size)
    {
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool parsed = isHex
            ? BigInteger.TryParse("0" + text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out BigInteger value)
            : BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        if (!parsed)
            throw ApiException.Bad("globals", $"'{text}' is no integer.");
        byte[] bytes = value.ToByteArray();
        var result = new byte[size];
        if (value.Sign < 0)
            Array.Fill(result, (byte)0xff);
        int significant = value.Sign > 0 && bytes.Length > 1 && bytes[^1] == 0 ? bytes.Length - 1 : bytes.Length;
        if (significant > size)
            throw ApiException.Bad("globals", $"{text} does not fit the {size} bytes of '{name}'.");
        bytes.AsSpan(0, significant).CopyTo(result);
        return result;
    }
}
