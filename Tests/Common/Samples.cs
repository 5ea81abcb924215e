namespace WebBpf.Tests;

/// <summary>The compiled samples and captures of the repository.</summary>
internal static class Samples
{
    public static string Folder { get; } = Find();

    public static IEnumerable<string> ObjectNames => Directory.EnumerateFiles(Folder, "*.bpf.o").Select(f => Path.GetFileName(f)!).Order();

    public static IEnumerable<string> CaptureNames => Directory.EnumerateFiles(Path.Combine(Folder, "captures")).Select(f => Path.GetFileName(f)!).Order();

    public static byte[] Object(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static byte[] Capture(string name) => File.ReadAllBytes(Path.Combine(Folder, "captures", name));

    private static string Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string folder = Path.Combine(at.FullName, "Tests", "Samples");
            if (File.Exists(Path.Combine(at.FullName, "WebBpf.sln")) && Directory.Exists(folder))
                return folder;
        }

        throw new InvalidOperationException("Tests/Samples was not found above the test's folder.");
    }
}
