using System.Collections.Frozen;
using System.Reflection;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>Marks a <see cref="ProgramTypeInfo"/> (with a constructor without parameters) to be found at start.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BpfProgramTypeAttribute : Attribute;

/// <summary>All program types by number, found once by scanning this assembly.</summary>
public static class ProgramTypeRegistry
{
    private static readonly FrozenDictionary<BpfProgType, ProgramTypeInfo> All = Scan();

    public static IReadOnlyCollection<ProgramTypeInfo> Types => All.Values;

    public static ProgramTypeInfo? Find(BpfProgType type) => All.GetValueOrDefault(type);

    private static FrozenDictionary<BpfProgType, ProgramTypeInfo> Scan()
    {
        var found = new Dictionary<BpfProgType, ProgramTypeInfo>();
        foreach (Type type in typeof(ProgramTypeRegistry).Assembly.GetTypes().Where(t => t.GetCustomAttribute<BpfProgramTypeAttribute>() is not null))
        {
            var info = (ProgramTypeInfo)Activator.CreateInstance(type)!;
            if (!found.TryAdd(info.Type, info))
                throw new InvalidOperationException($"Program type {info.Type} is described twice; the second time in {type.Name}.");
        }

        return found.ToFrozenDictionary();
    }
}
