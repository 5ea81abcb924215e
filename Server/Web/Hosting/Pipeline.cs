using Microsoft.AspNetCore.Authorization;
using WebBpf.Server.Api;
using WebBpf.Server.Api.Files;
using WebBpf.Server.Api.Maps;
using WebBpf.Server.Api.Objects;
using WebBpf.Server.Api.Programs;
using WebBpf.Server.Auth;
using WebBpf.Server.Metrics;

namespace WebBpf.Server.Hosting;

/// <summary>What every request passes, in order, and where it ends.</summary>
public static class Pipeline
{
    public static void UseWebBpf(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => Problem.WriteEmpty(context.HttpContext));
        app.UseMiddleware<RequestGuard>();
        app.UseDashboardFiles();
        app.UseSwagger();
        app.UseSwaggerUI(ui => ui.SwaggerEndpoint("/swagger/v1/swagger.json", "WebBpf v1"));
        app.UseRouting();
        app.UseMiddleware<AuthMiddleware>();
        app.Use(WaitUntilReady);
        app.UseAntiforgery();
    }

    public static void MapWebBpf(this WebApplication app)
    {
        app.MapDashboard();
        app.MapGet("/healthz", () => TypedResults.Text("ok")).WithMetadata(new AllowAnonymousAttribute()).WithTags("health").WithSummary("Alive.");
        app.MapGet("/readyz", Ready).WithMetadata(new AllowAnonymousAttribute()).WithTags("health").WithSummary("Ready once pins are restored; 503 before.");
        app.MapGet("/metrics", (PrometheusCollector metrics) => TypedResults.Text(metrics.Write(), "text/plain; version=0.0.4"))
            .WithTags("health").WithSummary("Prometheus text.");

        RouteGroupBuilder api = app.MapGroup("/api/v1");
        api.MapKernel();
        api.MapBpf();
        api.MapPrograms();
        api.MapMaps();
        api.MapBtf();
        api.MapLinks();
        api.MapStreams();
        api.MapBpffs();
        api.MapObjects();
        api.MapVerify();
        api.MapAssembly();
        api.MapSessions();
        api.MapKeys();
    }

    /// <summary>Calls that come while the stored state is being restored wait for it.</summary>
    private static Task WaitUntilReady(HttpContext context, RequestDelegate next)
    {
        var readiness = context.RequestServices.GetRequiredService<Readiness>();
        return readiness.IsReady || !NeedsKernel(context) ? next(context) : WaitThen(context, next, readiness);
    }

    private static bool NeedsKernel(HttpContext context)
    {
        PathString path = context.Request.Path;
        return path.StartsWithSegments("/api") || path.StartsWithSegments("/hubs") || path.StartsWithSegments("/_blazor") || DashboardSetup.IsPage(context);
    }

    private static async Task WaitThen(HttpContext context, RequestDelegate next, Readiness readiness)
    {
        await readiness.Ready.WaitAsync(context.RequestAborted);
        await next(context);
    }

    private static IResult Ready(Readiness readiness) =>
        TypedResults.Json(
            new { ready = readiness.IsReady, quarantine = readiness.Quarantine },
            statusCode: readiness.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
