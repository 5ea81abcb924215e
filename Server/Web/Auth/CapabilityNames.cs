using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;

namespace WebBpf.Server.Auth;

/// <summary>Capabilities by the names of capabilities(7).</summary>
public static class CapabilityNames
{
    private static readonly (string Name, Capabilities Value)[] Known =
    [
        ("CAP_NET_ADMIN", Capabilities.NetAdmin),
        ("CAP_SYS_ADMIN", Capabilities.SysAdmin),
        ("CAP_PERFMON", Capabilities.Perfmon),
        ("CAP_BPF", Capabilities.Bpf),
    ];

    public static IReadOnlyList<string> Of(Capabilities capabilities) =>
        [.. Known.Where(k => (capabilities & k.Value) != 0).Select(k => k.Name)];

    /// <summary>Null stays null.</summary>
    /// <exception cref="ApiException">400 for a name that does not exist.</exception>
    public static Capabilities? Parse(IReadOnlyList<string>? names)
    {
        if (names is null)
            return null;
        var all = Capabilities.None;
        foreach (string name in names)
        {
            int found = Array.FindIndex(Known, k => k.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (found < 0)
                throw ApiException.Bad("capabilities", $"'{name}' is none of {string.Join(", ", Known.Select(k => k.Name))}.");
            all |= Known[found].Value;
        }

        return all;
    }
}
