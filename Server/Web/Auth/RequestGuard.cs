using System.Net;
using Microsoft.Extensions.Options;
using WebBpf.Server.Api;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Auth;

/// <summary>
/// What protects a local server from web pages: the Host header must name this server (DNS rebinding), and a request that can
/// change something must not come from another site's page. Answers 400 and 403 without reaching a route.
/// </summary>
public sealed class RequestGuard(RequestDelegate next, IOptions<AuthOptions> options)
{
    private static readonly string[] LoopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

    public Task InvokeAsync(HttpContext context)
    {
        if (!HostAllowed(context.Request.Host))
            return Problem.Write(context, 400, $"Host: '{context.Request.Host}' is not a name of this server (Auth:AllowedHosts).", field: "Host");
        if ((!IsSafe(context.Request.Method) || IsLive(context.Request.Path)) && !OriginAllowed(context.Request))
            return Problem.Write(context, 403, "Origin: pages of other sites may not call this server (Auth:AllowedOrigins).", field: "Origin");
        return next(context);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    /// <summary>The hub and the circuit: a web socket opens by GET and is not bound by the browser's same-origin policy.</summary>
    private static bool IsLive(PathString path) => path.StartsWithSegments("/hubs") || path.StartsWithSegments("/_blazor");

    private bool HostAllowed(HostString host)
    {
        if (!host.HasValue)
            return false;
        string[]? allowed = options.Value.AllowedHosts;
        if (allowed is null)
            return options.Value.Mode == AuthMode.ApiKey || LoopbackHosts.Contains(host.Host, StringComparer.OrdinalIgnoreCase);
        return allowed.Any(a => a == "*" || a.Equals(host.Host, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>No Origin means no browser, unless the browser says so by Sec-Fetch-Site.</summary>
    private bool OriginAllowed(HttpRequest request)
    {
        string? site = request.Headers["Sec-Fetch-Site"];
        if (request.Headers.Origin.Count == 0)
            return site is null or "same-origin" or "none";
        if (request.Headers.Origin.Count > 1)
            return false;
        string origin = request.Headers.Origin.ToString();
        return origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            || options.Value.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether the request came over the loopback interface and through no proxy.</summary>
    public static bool IsDirectLoopback(HttpContext context)
    {
        IPAddress? remote = context.Connection.RemoteIpAddress;
        return remote is not null && IPAddress.IsLoopback(remote) && !HasForwardingHeaders(context.Request);
    }

    public static bool HasForwardingHeaders(HttpRequest request) =>
        request.Headers.ContainsKey("Forwarded") || request.Headers.ContainsKey("Via") || request.Headers.ContainsKey("X-Real-IP")
        || request.Headers.Keys.Any(h => h.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase));
}
