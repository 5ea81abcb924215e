using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using WebBpf.Server.Api;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Auth;

/// <summary>
/// Finds out who calls: a key (<c>Authorization: Bearer KEY</c> or <c>X-Api-Key</c>), or in loopback mode the fact of calling from this
/// machine without a proxy in between. Endpoints marked with <see cref="AllowAnonymousAttribute"/> need neither.
/// </summary>
public sealed class AuthMiddleware(RequestDelegate next, IOptions<AuthOptions> options, ApiKeyStore keys)
{
    public Task InvokeAsync(HttpContext context)
    {
        string? key = PresentedKey(context.Request);
        Identity? identity = key is null ? null : keys.Find(key);
        if (key is null && options.Value.Mode == AuthMode.Loopback && RequestGuard.IsDirectLoopback(context))
            identity = Identity.Loopback;
        if (identity is not null)
        {
            context.Features.Set(identity);
            context.User = new ClaimsPrincipal(new CallerClaims(identity));
            return next(context);
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return next(context);
        if (DashboardSetup.IsPage(context))
            return RefusePage(context);
        return Refuse(context, key);
    }

    private Task Refuse(HttpContext context, string? key)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        string why = key is not null
            ? "The key is not known."
            : options.Value.Mode == AuthMode.Loopback && RequestGuard.HasForwardingHeaders(context.Request)
                ? "A request that came through a proxy has no loopback rights: send a key."
                : "Send a key: Authorization: Bearer KEY.";
        return Problem.Write(context, 401, why, field: key is null ? null : "Authorization");
    }

    private static Task RefusePage(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(StartPage.Html, context.RequestAborted);
    }

    private static string? PresentedKey(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return header["Bearer ".Length..].Trim();
        if (header.Length > 0)
            return header;
        string own = request.Headers["X-Api-Key"].ToString();
        return own.Length > 0 ? own : null;
    }
}
