using WebBpf.Kernel.Objects;

namespace WebBpf.Server.Api;

/// <summary>Where objects are pinned: a snapshot taken once per request.</summary>
public sealed class PinPaths
{
    public static readonly PinPaths None = new([]);

    private readonly ILookup<(ObjectKind Kind, uint Id), string> _paths;

    public PinPaths(IReadOnlyCollection<(string Path, ObjectKind Kind, uint Id)> pins)
    {
        Count = pins.Count;
        _paths = pins.ToLookup(p => (p.Kind, p.Id), p => p.Path);
    }

    public int Count { get; }

    /// <summary>Paths in order; null where there is none.</summary>
    public IReadOnlyList<string>? Of(ObjectKind kind, uint id) => _paths.Contains((kind, id)) ? [.. _paths[(kind, id)].Order(StringComparer.Ordinal)] : null;
}
