using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.SignalR;
using Radzen;
using WebBpf.Client;
using WebBpf.Client.Model;
using WebBpf.Server.Api;
using WebBpf.Server.Dashboard;
using WebBpf.Server.Hubs;
using WebBpf.Shared.Dashboard;

namespace WebBpf.Server.Hosting;

/// <summary>Hosts the dashboard: its components run here, its pages see the engine through <c>WebBpf.Shared.Dashboard</c> only.</summary>
public static class DashboardSetup
{
    /// <summary>
    /// What pages may load. Everything comes from this server; the exceptions:
    /// style-src 'unsafe-inline': Radzen and Monaco place and size their elements by style attributes and style elements.
    /// img-src data: and font-src data: icons that Radzen's and Monaco's style sheets carry in themselves.
    /// worker-src blob: Monaco starts its workers from a blob that imports its script from here.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; "
        + "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    private const string ScriptPath = "/_framework/blazor.web.js";

    public static void AddDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddRadzenComponents();
        services.AddDashboardClient();
        services.AddSignalR(hub =>
        {
            hub.AddFilter(new HubErrors());
            hub.MaximumParallelInvocationsPerClient = 16;
        }).AddJsonProtocol(json => WireJson.Configure(json.PayloadSerializerOptions));
        services.AddSingleton<LiveSources>();
        services.AddSingleton<SampleStore>();
        services.AddScoped<DashboardCaller>();
        services.AddScoped<IKernelOverview, KernelOverview>();
        services.AddScoped<IProgramCatalog, ProgramCatalog>();
        services.AddScoped<IMapCatalog, MapCatalog>();
        services.AddScoped<ILoader, ObjectUploads>();
        services.AddScoped<IStreams, DashboardStreams>();
    }

    /// <summary>Before routing: headers of every answer, and the static files of the dashboard and its packages.</summary>
    public static void UseDashboardFiles(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            if (!context.Request.Path.StartsWithSegments("/swagger"))
                headers.ContentSecurityPolicy = ContentSecurityPolicy;
            return next(context);
        });
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" });
    }

    public static void MapDashboard(this WebApplication app)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "blazor.web.js");
        if (File.Exists(script))
        {
            app.MapGet(ScriptPath, () => TypedResults.PhysicalFile(script, "text/javascript", lastModified: File.GetLastWriteTimeUtc(script)))
                .WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
        }

        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(circuit => circuit.ContentSecurityFrameAncestorsPolicy = null);
        app.MapHub<BpfHub>("/hubs/bpf");
    }

    /// <summary>Whether the request is for a page of the dashboard.</summary>
    public static bool IsPage(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null;
}
