using System.Collections.Frozen;
using System.Reflection;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Marks a static class that describes helpers: each public static readonly <see cref="HelperProto"/> field is one, and the public static method with the
/// field's name followed by "Call" is its body. A proto without such a method is a helper without a body yet: programs load, running them is refused.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BpfHelpersAttribute : Attribute;

/// <summary>All helpers by number, found once by scanning this assembly.</summary>
public static class HelperRegistry
{
    private static readonly FrozenDictionary<BpfFuncId, Entry> All = Scan();

    public static IReadOnlyCollection<BpfFuncId> Ids => All.Keys;

    public static HelperProto? Proto(BpfFuncId id) => All.TryGetValue(id, out Entry entry) ? entry.Proto : null;

    /// <summary>The static method behind a helper: <c>static ulong Call(RunContext run, ulong r1, ..., ulong r5)</c>; null without a body.</summary>
    public static MethodInfo? Body(BpfFuncId id) => All.TryGetValue(id, out Entry entry) ? entry.Body : null;

    private static FrozenDictionary<BpfFuncId, Entry> Scan()
    {
        var found = new Dictionary<BpfFuncId, Entry>();
        foreach (Type type in typeof(HelperRegistry).Assembly.GetTypes().Where(t => t.GetCustomAttribute<BpfHelpersAttribute>() is not null))
        {
            foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.FieldType == typeof(HelperProto)))
            {
                var proto = (HelperProto)field.GetValue(null)!;
                MethodInfo? body = type.GetMethod(field.Name + "Call", BindingFlags.Public | BindingFlags.Static);
                if (!found.TryAdd(proto.Id, new Entry(proto, body)))
                    throw new InvalidOperationException($"Helper {proto.Id} is described twice; the second time in {type.Name}.");
            }
        }

        return found.ToFrozenDictionary();
    }

    private readonly record struct Entry(HelperProto Proto, MethodInfo? Body);
}
