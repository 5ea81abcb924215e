namespace WebBpf.Tests.Kernel.House;

/// <summary>Finds the repository that this test was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>All files below a folder with one of the extensions, without build output.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
            .Where(f => extensions.Contains(Path.GetExtension(f)))
            .Where(f => !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal));

    private static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "WebBpf.sln")))
                return at.FullName;
        }

        throw new InvalidOperationException("WebBpf.sln was not found above the test's folder.");
    }
}
