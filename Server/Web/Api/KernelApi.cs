using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Objects;
using WebBpf.Linux;
using WebBpf.Server.Hosting;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>What runs here: <c>GET /api/v1/kernel</c>.</summary>
public static class KernelApi
{
    /// <summary>The release whose behaviour ours is.</summary>
    private const string EmulatedRelease = "6.18.0-webbpf";

    public static void MapKernel(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/kernel", Get).WithTags("kernel").WithSummary("Release, limits and counts of the kernel that the call goes to.");

    private static Ok<KernelInfo> Get(HttpContext context) => TypedResults.Ok(Describe(Desk.Of(context)));

    internal static KernelInfo Describe(Desk desk)
    {
        IServiceProvider services = desk.Caller.Services;
        var kernels = services.GetRequiredService<KernelHost>();
        var readiness = services.GetRequiredService<Readiness>();
        var limits = services.GetRequiredService<IOptions<LimitsOptions>>();
        bool linux = desk.Caller.IsLinux;
        PinPaths pins = desk.Caller.Pins();
        var limit = new KernelLimits(
            1_000_000, 1_000_000, 512, 8, 33, limits.Value.MaxRequestBytes, limits.Value.MaxCallMemoryBytes, limits.Value.CallTimeout.TotalSeconds);
        var counts = new KernelCounts(Count(desk, ObjectKind.Prog), Count(desk, ObjectKind.Map), Count(desk, ObjectKind.Link), Count(desk, ObjectKind.Btf), pins.Count);
        return new KernelInfo(
            linux ? LinuxKernel.Release : EmulatedRelease,
            linux ? "linux" : "emulated",
            desk.Caller.Cpus,
            kernels.StartedAt,
            limit,
            kernels.Linux is null ? ["emulated"] : ["emulated", "linux"],
            counts,
            readiness.IsReady,
            [.. readiness.Quarantine.Select(q => new QuarantinedObject(q.Kind, q.Name, q.Reason))]);
    }

    /// <summary>Objects of one kind; 0 where the caller may not list them.</summary>
    private static long Count(Desk desk, ObjectKind kind)
    {
        try
        {
            return desk.Ids(kind).LongCount();
        }
        catch (ApiException)
        {
            return 0;
        }
    }
}
