using System.Xml.Linq;
using Xunit;

namespace WebBpf.Tests.Kernel.House;

/// <summary>The rules of the house: direction of dependencies, sizes of files, the top level.</summary>
public sealed class HouseTests
{
    private const int MaxLines = 600;

    private static readonly Dictionary<string, string[]> MayReferTo = new()
    {
        ["WebBpf.Kernel"] = [],
        ["WebBpf.Shared"] = [],
        ["WebBpf.Linux"] = ["WebBpf.Kernel"],
        ["WebBpf.Loader"] = ["WebBpf.Kernel"],
        ["WebBpf.Client"] = ["WebBpf.Shared"],
        ["WebBpf.Server"] = ["WebBpf.Client", "WebBpf.Kernel", "WebBpf.Linux", "WebBpf.Loader", "WebBpf.Shared"],
    };

    [Fact]
    public void Projects_refer_only_to_what_the_design_allows()
    {
        string[] projects = [.. new[] { "Server", "Client", "Shared" }.SelectMany(f => Repository.Files(f, ".csproj"))];
        Assert.Equal(MayReferTo.Keys.Order(), projects.Select(p => Path.GetFileNameWithoutExtension(p)!).Order());
        foreach (string project in projects)
        {
            string name = Path.GetFileNameWithoutExtension(project);
            IEnumerable<string> references = XDocument.Load(project).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.Empty(references.Except(MayReferTo[name]).Select(r => $"{name} -> {r}"));
        }
    }

    [Theory]
    [InlineData("Server/Kernel/WebBpf.Kernel.csproj")]
    [InlineData("Shared/WebBpf.Shared.csproj")]
    public void The_engine_and_the_wire_records_need_no_packages(string project)
    {
        XDocument xml = XDocument.Load(Path.Combine(Repository.Root, project));
        Assert.Empty(xml.Descendants("PackageReference").Concat(xml.Descendants("FrameworkReference")));
    }

    [Fact]
    public void The_engine_uses_neither_the_web_nor_the_database()
    {
        string[] loaded = [.. typeof(WebBpf.Kernel.Uapi.Errno).Assembly.GetReferencedAssemblies().Select(a => a.Name!)];
        Assert.DoesNotContain(loaded, a => a.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || a.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal));
    }

    [Fact]
    public void No_source_file_is_longer_than_600_lines()
    {
        IEnumerable<string> tooLong = new[] { "Server", "Client", "Shared", "Tests" }
            .SelectMany(f => Repository.Files(f, ".cs", ".razor"))
            .Where(f => !f.Contains("/Migrations/", StringComparison.Ordinal))
            .Select(f => (Name: Path.GetRelativePath(Repository.Root, f), Lines: File.ReadLines(f).Count()))
            .Where(f => f.Lines > MaxLines)
            .Select(f => $"{f.Name}: {f.Lines}");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void The_top_level_is_as_fixed()
    {
        string[] needed = ["Server", "Client", "Shared", "Tests", "docs", ".ci", "appsettings.json", "WebBpf.sln", "Dockerfile", "README.md", "LICENSE", "test.sh"];
        Assert.All(needed, n => Assert.True(Path.Exists(Path.Combine(Repository.Root, n)), $"{n} is missing at the top level"));
    }

    [Fact]
    public void Unsafe_code_stays_in_the_engine_and_the_door_to_linux()
    {
        IEnumerable<string> projects = new[] { "Server", "Client", "Shared" }.SelectMany(f => Repository.Files(f, ".csproj"))
            .Where(p => XDocument.Load(p).Descendants("AllowUnsafeBlocks").Any(e => e.Value == "true"))
            .Select(p => Path.GetFileNameWithoutExtension(p)!);
        Assert.Equal(["WebBpf.Kernel", "WebBpf.Linux"], projects.Order());
    }
}
