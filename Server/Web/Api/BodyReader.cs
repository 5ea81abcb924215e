using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Api;

/// <summary>Reads request bodies within the limits of size (413), depth and content type (415).</summary>
public sealed class BodyReader(IOptions<LimitsOptions> limits, InFlightBudget budget)
{
    private static readonly string[] BinaryTypes =
        ["application/octet-stream", "application/x-elf", "application/x-object", "application/vnd.tcpdump.pcap", "application/x-pcapng", "application/cap"];

    /// <summary>The body as a JSON object; an empty body is an empty object.</summary>
    public async Task<JsonElement> ReadObjectAsync(HttpContext context)
    {
        byte[] bytes = await ReadAsync(context, IsJson, "application/json");
        if (bytes.Length == 0)
            bytes = "{}"u8.ToArray();
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = limits.Value.MaxJsonDepth, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw ApiException.Bad("body", "a JSON object is expected.");
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw ApiException.Bad("body", e.Message);
        }
    }

    /// <summary>The body as a record of the wire; unknown members are refused.</summary>
    public async Task<T> ReadAsync<T>(HttpContext context)
        where T : class
    {
        JsonElement body = await ReadObjectAsync(context);
        try
        {
            return body.Deserialize<T>(WireJson.Options) ?? throw ApiException.Bad("body", "a JSON object is expected.");
        }
        catch (JsonException e)
        {
            throw new ApiException(400, e.Message) { Field = e.Path is null or "$" ? "body" : e.Path };
        }
    }

    /// <summary>The body as bytes: an ELF object or a capture.</summary>
    public Task<byte[]> ReadBytesAsync(HttpContext context) =>
        ReadAsync(context, type => type is null || BinaryTypes.Contains(type, StringComparer.OrdinalIgnoreCase), "application/octet-stream");

    private static bool IsJson(string? type) =>
        type is not null && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private async Task<byte[]> ReadAsync(HttpContext context, Func<string?, bool> accepted, string expected)
    {
        HttpRequest request = context.Request;
        if (request.ContentLength > limits.Value.MaxRequestBytes)
            throw TooLarge();
        if (request.ContentLength == 0 || (request.ContentLength is null && !CanHaveBody(context)))
            return [];
        string? type = request.ContentType?.Split(';', 2)[0].Trim();
        if (!accepted(type))
            throw new ApiException(415, $"Content-Type: {expected} is expected, not '{type}'.") { Field = "Content-Type" };

        InFlightBudget.Lease lease = budget.Take(0);
        context.Response.RegisterForDispose(lease);
        var bytes = new ArrayBufferWriter<byte>();
        while (true)
        {
            Memory<byte> space = bytes.GetMemory(16384);
            int read = await request.Body.ReadAsync(space, context.RequestAborted);
            if (read == 0)
                return bytes.WrittenSpan.ToArray();
            lease.Add(read);
            bytes.Advance(read);
            if (bytes.WrittenCount > limits.Value.MaxRequestBytes)
                throw TooLarge();
        }
    }

    private static bool CanHaveBody(HttpContext context) =>
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;

    private ApiException TooLarge() => new(413, $"The body is larger than {limits.Value.MaxRequestBytes} bytes (Limits:MaxRequestBytes).") { Field = "body" };
}
