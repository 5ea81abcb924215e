using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api;

/// <summary>Writes <c>application/problem+json</c>: title, status, errno, ret, the field to blame, and every output of a failed call.</summary>
public static class Problem
{
    public const string ContentType = "application/problem+json";

    public static JsonObject Document(int status, string title, int error = 0, string? field = null, string? notImplemented = null)
    {
        var problem = new JsonObject
        {
            ["type"] = $"https://httpstatuses.io/{status}",
            ["title"] = title,
            ["status"] = status,
            ["errno"] = error == 0 ? null : Errno.Name(error),
        };
        if (error != 0)
            problem["ret"] = -error;
        if (field is not null)
            problem["field"] = field;
        if (notImplemented is not null)
            problem["not_implemented"] = notImplemented;
        return problem;
    }

    public static Task Write(HttpContext context, int status, string title, int error = 0, string? field = null, string? notImplemented = null) =>
        Write(context, status, Document(status, title, error, field, notImplemented));

    public static async Task Write(HttpContext context, int status, JsonObject problem)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            context.Response.Headers.RetryAfter = "1";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        problem.WriteTo(writer);
        await writer.FlushAsync(context.RequestAborted);
    }

    public static Task Write(HttpContext context, ApiException problem) =>
        Write(context, problem.Status, problem.Message, problem.Error, problem.Field, problem.NotImplemented);

    /// <summary>For answers that middleware left empty (404, 405, 415, ...).</summary>
    public static Task WriteEmpty(HttpContext context)
    {
        int status = context.Response.StatusCode;
        return status == StatusCodes.Status415UnsupportedMediaType
            ? Write(context, status, $"Content-Type: '{context.Request.ContentType}' is not taken here.", field: "Content-Type")
            : Write(context, status, ReasonPhrases.GetReasonPhrase(status));
    }
}
