using System.Collections.Frozen;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Isa;

/// <summary>Names of helper functions as the kernel prints them: bpf_map_lookup_elem is 1.</summary>
public static class HelperNames
{
    private static readonly string?[] ById = Build();

    private static readonly FrozenDictionary<string, int> ByName =
        ById.Select((name, id) => (name, id)).Where(p => p.name is not null).ToFrozenDictionary(p => p.name!, p => p.id);

    /// <summary>The name with its prefix, or null where there is no such helper.</summary>
    public static string? Of(int id) => (uint)id < (uint)ById.Length ? ById[id] : null;

    /// <summary>As func_id_name of the kernel: "unknown" where there is no such helper.</summary>
    public static string OfOrUnknown(int id) => Of(id) ?? "unknown";

    /// <summary>Finds a helper by name, with or without "bpf_".</summary>
    public static bool TryParse(string name, out int id) => ByName.TryGetValue(name, out id) || ByName.TryGetValue("bpf_" + name, out id);

    private static string?[] Build()
    {
        BpfFuncId[] ids = Enum.GetValues<BpfFuncId>();
        var names = new string?[(int)ids.Max() + 1];
        names[0] = "bpf_unspec";
        foreach (BpfFuncId id in ids)
            names[(int)id] = "bpf_" + UapiName.Of(id);
        return names;
    }
}
