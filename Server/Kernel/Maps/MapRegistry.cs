using System.Collections.Frozen;
using System.Reflection;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>All map types by number, found once by scanning this assembly.</summary>
public static class MapRegistry
{
    private static readonly FrozenDictionary<BpfMapType, MapFamily> All = Scan();

    /// <summary>Helpers that some type calls its own: no other type may be passed to them.</summary>
    private static readonly FrozenSet<BpfFuncId> Exclusive = All.SelectMany(f => f.Value.Traits(f.Key).Own).ToFrozenSet();

    public static IReadOnlyCollection<BpfMapType> Types => All.Keys;

    public static MapFamily? Find(BpfMapType type) => All.GetValueOrDefault(type);

    public static MapTraits? Traits(BpfMapType type) => Find(type)?.Traits(type);

    /// <summary>Whether a helper may be given a map of the type, as check_map_func_compatibility in kernel/bpf/verifier.c.</summary>
    public static bool AllowsHelper(BpfMapType type, BpfFuncId helper)
    {
        if (Traits(type) is not { } traits)
            return false;
        return (traits.Only is null || traits.Only.Contains(helper)) && (!Exclusive.Contains(helper) || traits.Own.Contains(helper));
    }

    private static FrozenDictionary<BpfMapType, MapFamily> Scan()
    {
        var found = new Dictionary<BpfMapType, MapFamily>();
        foreach (Type type in typeof(MapRegistry).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<BpfMapFamilyAttribute>() is not { } attribute)
                continue;
            var family = (MapFamily)Activator.CreateInstance(type)!;
            foreach (BpfMapType one in attribute.Types)
            {
                if (!found.TryAdd(one, family))
                    throw new InvalidOperationException($"Map type {one} is described twice; the second time in {type.Name}.");
            }
        }

        return found.ToFrozenDictionary();
    }
}
