using System.Text;

namespace WebBpf.Kernel.Uapi;

/// <summary>
/// Names of ABI values as bpftool and the API write them: <c>LruHash</c> is "lru_hash", <c>SchedCls</c> is "sched_cls".
/// </summary>
public static class UapiName
{
    /// <summary>The snake_case name of an enum member, or its number where the value has no name.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => Names<TEnum>.ByValue.TryGetValue(value, out string? name) ? name : value.ToString("D");

    /// <summary>Finds the value of a snake_case name (case-insensitive).</summary>
    public static bool TryParse<TEnum>(string name, out TEnum value)
        where TEnum : struct, Enum => Names<TEnum>.ByName.TryGetValue(name, out value);

    private static string Snake(string pascal)
    {
        var text = new StringBuilder(pascal.Length + 8);
        for (int i = 0; i < pascal.Length; i++)
        {
            if (i > 0 && char.IsUpper(pascal[i]))
                text.Append('_');
            text.Append(char.ToLowerInvariant(pascal[i]));
        }

        return text.ToString();
    }

    private static class Names<TEnum>
        where TEnum : struct, Enum
    {
        internal static readonly Dictionary<TEnum, string> ByValue =
            Enum.GetValues<TEnum>().Distinct().ToDictionary(v => v, v => Snake(v.ToString()));

        internal static readonly Dictionary<string, TEnum> ByName =
            ByValue.ToDictionary(p => p.Value, p => p.Key, StringComparer.OrdinalIgnoreCase);
    }
}
