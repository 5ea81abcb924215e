using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;

namespace WebBpf.Server.Hosting;

/// <summary>Every exception of a request ends here and becomes ProblemDetails; what nobody expected is logged and says 500.</summary>
public sealed partial class ProblemExceptionHandler(ILogger<ProblemExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
            return true;
        switch (exception)
        {
            case ApiException problem:
                await Problem.Write(httpContext, problem);
                break;
            case BadHttpRequestException bad:
                await Problem.Write(httpContext, bad.StatusCode, Explain(bad), field: Field(bad));
                break;
            case JsonException json:
                await Problem.Write(httpContext, 400, json.Message, field: json.Path);
                break;
            case OperationCanceledException:
                await Problem.Write(httpContext, 429, "The call took longer than Limits:CallTimeout allows.", Errno.EAGAIN);
                break;
            case UserMemoryException memory:
                await Problem.Write(httpContext, 503, memory.Message, Errno.ENOMEM);
                break;
            case IOException { InnerException: Microsoft.Data.Sqlite.SqliteException }:
                logger.LogError(exception, "{Method} {Path} could not be stored", httpContext.Request.Method, httpContext.Request.Path);
                await Problem.Write(httpContext, 503, "The change could not be stored: it may be gone after a restart.", Errno.EIO);
                break;
            case OutOfMemoryException:
                logger.LogError(exception, "{Method} {Path}: out of memory", httpContext.Request.Method, httpContext.Request.Path);
                await Problem.Write(httpContext, 503, "The server has no memory left for this call.", Errno.ENOMEM);
                break;
            default:
                logger.LogError(exception, "{Method} {Path} failed", httpContext.Request.Method, httpContext.Request.Path);
                await Problem.Write(httpContext, 500, "The server failed at this request; its log says why.");
                break;
        }

        return true;
    }

    private static string Explain(BadHttpRequestException bad) =>
        bad.InnerException is JsonException json ? json.Message : bad.Message;

    /// <summary>The parameter or JSON member that the framework complains of.</summary>
    private static string? Field(BadHttpRequestException bad)
    {
        if (bad.InnerException is JsonException { Path: not null and not "$" } json)
            return json.Path;
        Match match = Parameter().Match(bad.Message);
        return match.Success ? match.Groups[1].Value : null;
    }

    [GeneratedRegex("parameter \"(?:[^\"]* )?([A-Za-z0-9_]+)\"")]
    private static partial Regex Parameter();
}
