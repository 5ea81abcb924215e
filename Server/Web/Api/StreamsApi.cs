using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Programs;
using WebBpf.Server.Auth;
using WebBpf.Server.Hosting;
using WebBpf.Server.Streams;

namespace WebBpf.Server.Api;

/// <summary>
/// Server-sent events for curl: <c>curl -N .../api/v1/stream/events</c>. Each item has <c>seq</c>; what a slow reader misses is announced as
/// <c>{"dropped":n}</c>. Nobody who produces ever waits for a reader.
/// </summary>
public static class StreamsApi
{
    public static void MapStreams(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/stream").WithTags("streams");
        group.MapGet("/verifier/{loadId}", VerifierLog).WithSummary("The verifier's log of the load sent with this X-Load-Id, line by line while it verifies.");
        group.MapGet("/stats", Stats).WithSummary("Run statistics of one program or all, every interval_ms.");
        group.MapGet("/maps/{id:int}", MapChanges).WithSummary("Changes of a map: who wrote which key, old and new value.");
        group.MapGet("/events", Events).WithSummary("What happens to objects: loads, pins, maps that come and go.");
        group.MapGet("/trace", Trace).WithSummary("The trace pipe (bpf_trace_printk).");
    }

    private static async Task VerifierLog(HttpContext context, string loadId, LoadLogs logs, StreamSlots slots, IHostApplicationLifetime lifetime)
    {
        if (loadId.Length > 128)
            throw ApiException.Bad("loadId", "at most 128 characters are expected.");
        using IDisposable slot = slots.Take();
        LoadLog log = logs.Open(Identity.Of(context).Id, loadId);
        StreamQueue<JsonObject> queue = log.Subscribe();
        try
        {
            await SseWriter.Run(context, queue, lifetime.ApplicationStopping);
        }
        finally
        {
            log.Unsubscribe(queue);
        }
    }

    private static async Task Events(HttpContext context, EventFeed feed, StreamSlots slots, IHostApplicationLifetime lifetime)
    {
        RequireAdmin(context);
        using IDisposable slot = slots.Take();
        StreamQueue<JsonObject> queue = feed.Subscribe();
        try
        {
            await SseWriter.Run(context, queue, lifetime.ApplicationStopping);
        }
        finally
        {
            feed.Unsubscribe(queue);
        }
    }

    private static async Task Stats(HttpContext context, StreamSlots slots, IHostApplicationLifetime lifetime, IOptions<LimitsOptions> limits, int? program_id = null, int interval_ms = 1000)
    {
        if (interval_ms is < 50 or > 3_600_000)
            throw ApiException.Bad("interval_ms", "50 to 3600000 is expected.");
        if (program_id is { } id)
            Desk.Of(context).Open(ObjectKind.Prog, (uint)id);
        using IDisposable slot = slots.Take();
        using var queue = new StreamQueue<JsonObject>(limits.Value.StreamBuffer);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        Task producer = ProduceStats(context, queue, (uint?)program_id, TimeSpan.FromMilliseconds(interval_ms), ended.Token);
        await SseWriter.Run(context, queue, lifetime.ApplicationStopping);
        await ended.CancelAsync();
        await producer;
    }

    private static async Task ProduceStats(HttpContext context, StreamQueue<JsonObject> queue, uint? programId, TimeSpan interval, CancellationToken cancellation)
    {
        long seq = 0;
        try
        {
            using var timer = new PeriodicTimer(interval);
            do
            {
                using Desk desk = Desk.ForStream(context);
                IEnumerable<uint> ids = programId is { } one ? [one] : desk.Ids(ObjectKind.Prog);
                var programs = new JsonArray();
                foreach (uint id in ids)
                {
                    if (ProgramReader.TryRead(desk, id, PinPaths.None) is { } p)
                        programs.Add(new JsonObject { ["id"] = p.Id, ["name"] = p.Name, ["run_cnt"] = p.RunCnt, ["run_time_ns"] = p.RunTimeNs, ["recursion_misses"] = p.RecursionMisses });
                }

                queue.Write(new JsonObject { ["seq"] = ++seq, ["at"] = DateTimeOffset.UtcNow, ["programs"] = programs });
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException)
        {
            // The reader left.
        }
        finally
        {
            queue.Complete();
        }
    }

    private static async Task MapChanges(HttpContext context, int id, StreamSlots slots, IHostApplicationLifetime lifetime, IOptions<LimitsOptions> limits)
    {
        Desk desk = Desk.Of(context);
        int fd = desk.Open(ObjectKind.Map, (uint)id);
        BpfMap map = desk.Object<BpfMap>(fd) ?? throw ApiException.Gap("changes of maps of the machine's kernel");
        map.Put();
        using IDisposable slot = slots.Take();
        using MapWatch watch = map.Watch(limits.Value.StreamBuffer);
        using var queue = new StreamQueue<JsonObject>(limits.Value.StreamBuffer);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        Task pump = Pump(watch, queue, ended.Token);
        await SseWriter.Run(context, queue, lifetime.ApplicationStopping);
        await ended.CancelAsync();
        await pump;
    }

    /// <summary>From the map's own bounded queue to the writer's: what either drops is announced.</summary>
    private static async Task Pump(MapWatch watch, StreamQueue<JsonObject> queue, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await watch.WaitAsync(cancellation);
                foreach (MapChange change in watch.Take(out ulong dropped, 256))
                {
                    if (dropped > 0)
                        queue.Write(new JsonObject { ["dropped"] = dropped });
                    dropped = 0;
                    queue.Write(Item(change));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader left.
        }
    }

    private static JsonObject Item(MapChange change) => new()
    {
        ["seq"] = change.Seq,
        ["at"] = change.At,
        ["op"] = change.Op.ToString().ToLowerInvariant(),
        ["key"] = Hex.Of(change.Key),
        ["old_value"] = change.Old is null ? null : Hex.Of(change.Old),
        ["new_value"] = change.New is null ? null : Hex.Of(change.New),
        ["by"] = new JsonObject { ["kind"] = change.By.Kind, ["id"] = change.By.Id, ["name"] = change.By.Name },
    };

    private static async Task Trace(HttpContext context, TraceFeed feed, StreamSlots slots, IHostApplicationLifetime lifetime)
    {
        RequireAdmin(context);
        using IDisposable slot = slots.Take();
        StreamQueue<JsonObject> queue = feed.Subscribe();
        try
        {
            await SseWriter.Run(context, queue, lifetime.ApplicationStopping);
        }
        finally
        {
            feed.Unsubscribe(queue);
        }
    }

    private static void RequireAdmin(HttpContext context)
    {
        if (!Caller.Of(context).Session.Task.Has(Capabilities.SysAdmin))
            throw new ApiException(403, "This stream shows what others do: it needs CAP_SYS_ADMIN.") { Error = Errno.EPERM };
    }
}
