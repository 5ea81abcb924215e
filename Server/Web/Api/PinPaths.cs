using WebBpf.Kernel.Objects;

namespace WebBpf.Server.Api;

/// <summary>Where objects are pinned: a snapshot taken once per request.</summary>
public sealed class PinPaths(ILookup<(ObjectKind Kind, uint Id), string> paths)
{
    public static readonly PinPaths None = new(Array.Empty<string>().ToLookup(_ => (ObjectKind.Other, 0u)));

    public IReadOnlyList<string>? Of(ObjectKind kind, uint id) => paths.Contains((kind, id)) ? [.. paths[(kind, id)].Order(StringComparer.Ordinal)] : null;
}
