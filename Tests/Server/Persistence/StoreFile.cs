using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using WebBpf.Server.Hosting;
using WebBpf.Server.Metrics;
using WebBpf.Server.Persistence;

namespace WebBpf.Tests.Server.Persistence;

/// <summary>A database file of its own with the schema of the migrations; deleted afterwards.</summary>
public sealed class StoreFile : IDisposable
{
    private readonly ServerMetrics _metrics = new();

    public StoreFile()
    {
        using WebBpfDb db = Open();
        db.Database.Migrate();
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"webbpf-store-{Guid.NewGuid():N}.db");

    public WebBpfDb Open() =>
        new(new DbContextOptionsBuilder<WebBpfDb>().UseSqlite($"Data Source={Path}").AddInterceptors(new DurableConnection()).Options);

    public JournalWriter Writer(int maxBatch = 4096)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:Bpffs", $"Data Source={Path}")]).Build();
        return new JournalWriter(configuration, Options.Create(new PersistenceOptions { MaxBatch = maxBatch }), _metrics, NullLogger<JournalWriter>.Instance);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        SqliteConnection.ClearAllPools();
        foreach (string file in Directory.GetFiles(System.IO.Path.GetTempPath(), System.IO.Path.GetFileName(Path) + "*"))
            File.Delete(file);
    }
}
