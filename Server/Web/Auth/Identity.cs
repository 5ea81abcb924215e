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
