using System.Security.Claims;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Auth;

/// <summary>Who calls: sessions belong to an identity and never have more capabilities than it.</summary>
public sealed record Identity(string Id, string Name, Capabilities Capabilities, uint Uid, bool Administrator)
{
    /// <summary>Whoever calls over the loopback interface, where <c>Auth:Mode</c> allows it: one person's own machine.</summary>
    public static readonly Identity Loopback = new("loopback", "loopback", Capabilities.All, 0, Administrator: true);

    /// <summary>The identity that the middleware found for this request.</summary>
    public static Identity Of(HttpContext context) =>
        context.Features.Get<Identity>() ?? throw new InvalidOperationException("The request passed no authentication.");
}

/// <summary>The identity as the framework passes it along a connection: hub and circuit find it in their user.</summary>
public sealed class CallerClaims(Identity identity) : ClaimsIdentity([new Claim(ClaimTypes.Name, identity.Name)], "WebBpf")
{
    public Identity Caller { get; } = identity;

    /// <exception cref="InvalidOperationException">The connection passed no authentication.</exception>
    public static Identity Of(ClaimsPrincipal? user) =>
        (user?.Identity as CallerClaims)?.Caller ?? throw new InvalidOperationException("The connection passed no authentication.");
}
