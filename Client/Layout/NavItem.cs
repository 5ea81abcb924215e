using WebBpf.Shared.Wire;

namespace WebBpf.Client.Layout;

/// <summary>An entry of the navigation; <paramref name="Count"/> is its badge.</summary>
public sealed record NavItem(string Href, string Text, Func<KernelCounts, long>? Count = null)
{
    /// <summary>In the order in which people work. A page adds its line here.</summary>
    public static readonly IReadOnlyList<NavItem> All =
    [
        new("/", "Overview"),
        new("/objects", "Objects"),
        new("/programs", "Programs", c => c.Programs),
        new("/maps", "Maps", c => c.Maps),
    ];
}
