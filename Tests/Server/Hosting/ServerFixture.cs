using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace WebBpf.Tests.Server.Hosting;

/// <summary>The real application in this process, on a SQLite file of its own that is deleted afterwards.</summary>
public sealed class ServerFixture : WebApplicationFactory<Program>
{
    private readonly string _database = Path.Combine(Path.GetTempPath(), $"webbpf-test-{Guid.NewGuid():N}.db");

    /// <summary>Configuration beyond the defaults; set before the first client.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>Where requests seem to come from; null stands for an address that is not known.</summary>
    public IPAddress? Remote { get; set; } = IPAddress.Loopback;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        builder.UseSetting("ConnectionStrings:Bpffs", $"Data Source={_database}");
        foreach ((string key, string value) in Settings)
            builder.UseSetting(key, value);
        builder.ConfigureServices(services => services.AddSingleton<IStartupFilter>(new RemoteAddress(this)));
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        SqliteConnection.ClearAllPools();
        foreach (string file in Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(_database) + "*"))
            File.Delete(file);
    }

    private sealed class RemoteAddress(ServerFixture fixture) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate rest) =>
            {
                context.Connection.RemoteIpAddress = fixture.Remote;
                return rest(context);
            });
            next(app);
        };
    }
}
