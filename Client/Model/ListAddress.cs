namespace WebBpf.Client.Model;

/// <summary>The state of a list in an address.</summary>
public static class ListAddress
{
    /// <summary>"?filter=…&amp;sort=…&amp;cursor=…", or nothing.</summary>
    public static string Query(string? filter, string? sort, string? cursor)
    {
        string[] parts = [.. new[] { ("filter", filter), ("sort", sort), ("cursor", cursor) }
            .Where(p => !string.IsNullOrWhiteSpace(p.Item2)).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}")];
        return parts.Length == 0 ? "" : "?" + string.Join('&', parts);
    }
}
