using Microsoft.AspNetCore.Http.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using WebBpf.Server.Api;
using WebBpf.Server.Api.Objects;
using WebBpf.Server.Auth;
using WebBpf.Server.Metrics;
using WebBpf.Server.Persistence;
using WebBpf.Server.Sessions;
using WebBpf.Server.Streams;

namespace WebBpf.Server.Hosting;

/// <summary>Configuration and services of the host.</summary>
public static class ServiceSetup
{
    /// <summary>The root appsettings.json lies beside the binaries; it comes first, so that every other source overrides it.</summary>
    public static void AddWebBpfConfiguration(this WebApplicationBuilder builder)
    {
        var defaults = new Microsoft.Extensions.Configuration.Json.JsonConfigurationSource
        {
            Path = Path.Combine(AppContext.BaseDirectory, "appsettings.json"),
            Optional = true,
        };
        defaults.ResolveFileProvider();
        builder.Configuration.Sources.Insert(0, defaults);
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
    }

    public static void AddWebBpf(this IServiceCollection services, ConfigurationManager configuration)
    {
        services.AddOptions<AuthOptions>().BindConfiguration("Auth").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SessionsOptions>().BindConfiguration("Sessions").ValidateDataAnnotations()
            .Validate(o => o.IdleTimeout > TimeSpan.Zero, "Sessions:IdleTimeout must be positive.").ValidateOnStart();
        services.AddOptions<PersistenceOptions>().BindConfiguration("Persistence").ValidateDataAnnotations()
            .Validate(o => o.FlushInterval >= TimeSpan.FromMilliseconds(10) && o.FlushInterval <= TimeSpan.FromHours(1), "Persistence:FlushInterval must be between 10 ms and one hour.")
            .ValidateOnStart();
        services.AddOptions<KernelOptions>().BindConfiguration("Kernel").ValidateDataAnnotations()
            .Validate(o => o.VmlinuxBtf is null || File.Exists(o.VmlinuxBtf), "Kernel:VmlinuxBtf names a file that does not exist.").ValidateOnStart();
        services.AddOptions<LimitsOptions>().BindConfiguration("Limits").ValidateDataAnnotations()
            .Validate(o => o.CallTimeout > TimeSpan.Zero, "Limits:CallTimeout must be positive.").ValidateOnStart();

        services.AddDbContextFactory<WebBpfDb>((provider, db) =>
        {
            string? connection = provider.GetRequiredService<IConfiguration>().GetConnectionString("Bpffs");
            db.UseSqlite(ConnectionString(connection)).AddInterceptors(new DurableConnection());
        });

        services.Configure<JsonOptions>(json => WireJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddExceptionHandler<ProblemExceptionHandler>();
        services.AddProblemDetails();
        services.AddOpenApiDocument();

        services.AddSingleton<Readiness>();
        services.AddSingleton<InFlightBudget>();
        services.AddSingleton<BodyReader>();
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<SessionRegistry>();
        services.AddSingleton<LoadLogs>();
        services.AddSingleton<ProgramLogs>();
        services.AddSingleton<UploadCounter>();
        services.AddSingleton<EventFeed>();
        services.AddSingleton<TraceFeed>();
        services.AddSingleton<StreamSlots>();
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<PrometheusCollector>();
        services.AddSingleton<JournalWriter>();
        services.AddSingleton<StateRestore>();
        services.AddKernels();
        services.AddDashboard();
        services.AddHostedService<StartUp>();
        services.AddHostedService<ProgramWriteFlusher>();
        services.AddHostedService<IdleSessions>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
    }

    /// <exception cref="StartupException">It is missing or no SQLite connection string.</exception>
    private static string ConnectionString(string? configured)
    {
        if (string.IsNullOrWhiteSpace(configured))
            throw new StartupException("ConnectionStrings:Bpffs is not set: name the database file, such as 'Data Source=webbpf.db'.");
        try
        {
            return new SqliteConnectionStringBuilder(configured).ToString();
        }
        catch (ArgumentException e)
        {
            throw new StartupException($"ConnectionStrings:Bpffs is no SQLite connection string: {e.Message}", e);
        }
    }
}
