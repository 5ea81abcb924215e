using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;
using WebBpf.Server.Api.Programs;
using WebBpf.Server.Auth;
using WebBpf.Server.Hosting;
using WebBpf.Server.Streams;

namespace WebBpf.Server.Dashboard;

/// <summary>
/// The five streams as sequences of wire items, for the hub and for pages: the same broadcast queues that server-sent events read. A sequence takes a place of
/// <see cref="StreamSlots"/> while it is read; a gap is an item <c>{"dropped":n}</c>.
/// </summary>
public sealed class LiveSources(
    IServiceProvider services, EventFeed events, TraceFeed trace, LoadLogs loads, StreamSlots slots, IOptions<LimitsOptions> limits, IHostApplicationLifetime lifetime)
{
    private const int BatchSize = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <exception cref="ApiException">403 for who may not see what others do, 429 where too many streams are open.</exception>
    public IAsyncEnumerable<JsonObject> KernelEvents(Identity identity, CancellationToken cancellation)
    {
        RequireAdmin(identity);
        return Read(events.Subscribe, events.Unsubscribe, cancellation);
    }

    /// <inheritdoc cref="KernelEvents"/>
    public IAsyncEnumerable<JsonObject> Trace(Identity identity, CancellationToken cancellation)
    {
        RequireAdmin(identity);
        return Read(trace.Subscribe, trace.Unsubscribe, cancellation);
    }

    /// <exception cref="ApiException">400 for an id that is too long.</exception>
    public IAsyncEnumerable<JsonObject> VerifierLog(Identity identity, string loadId, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(loadId) || loadId.Length > 128)
            throw ApiException.Bad("loadId", "1 to 128 characters are expected.");
        LoadLog log = loads.Open(identity.Id, loadId);
        return Read(log.Subscribe, log.Unsubscribe, cancellation);
    }

    /// <exception cref="ApiException">404 where there is no such map, 403 where the caller may not.</exception>
    public async IAsyncEnumerable<JsonObject> MapChanges(Identity identity, uint mapId, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        using IDisposable slot = slots.Take();
        using Caller caller = Caller.For(services, identity, limited: false, ended.Token);
        using Desk desk = Desk.For(caller);
        BpfMap map = desk.Object<BpfMap>(desk.Open(ObjectKind.Map, mapId)) ?? throw ApiException.Gap("changes of maps of the machine's kernel");
        map.Put();
        using MapWatch watch = map.Watch(limits.Value.StreamBuffer);
        while (await Wait(watch, ended.Token))
        {
            IReadOnlyList<MapChange> changes = watch.Take(out ulong dropped, BatchSize);
            if (dropped > 0)
                yield return new JsonObject { ["dropped"] = dropped };
            foreach (MapChange change in changes)
                yield return StreamItems.Of(change);
        }
    }

    /// <exception cref="ApiException">400 for an interval out of range, 404 where there is no such program.</exception>
    public async IAsyncEnumerable<JsonObject> Stats(Identity identity, uint? programId, int intervalMs, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (intervalMs is < 50 or > 3_600_000)
            throw ApiException.Bad("intervalMs", "50 to 3600000 is expected.");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        using IDisposable slot = slots.Take();
        using Caller caller = Caller.For(services, identity, limited: false, ended.Token);
        using (Desk first = Desk.For(caller))
        {
            if (programId is { } id)
                first.Open(ObjectKind.Prog, id);
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(intervalMs));
        long seq = 0;
        do
        {
            using Desk desk = Desk.For(caller);
            yield return StreamItems.Of(++seq, (programId is { } one ? [one] : desk.Ids(ObjectKind.Prog)).Select(p => ProgramReader.TryRead(desk, p, PinPaths.None)));
        }
        while (await Tick(timer, ended.Token));
    }

    private async IAsyncEnumerable<JsonObject> Read(
        Func<StreamQueue<JsonObject>> subscribe, Action<StreamQueue<JsonObject>> unsubscribe, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        using IDisposable slot = slots.Take();
        StreamQueue<JsonObject> queue = subscribe();
        try
        {
            while (await Next(queue, ended.Token) is { } batch)
            {
                if (batch.Dropped > 0)
                    yield return new JsonObject { ["dropped"] = batch.Dropped };
                foreach (JsonObject item in batch.Items)
                    yield return item;
                if (batch.Ended)
                    yield break;
            }
        }
        finally
        {
            unsubscribe(queue);
        }
    }

    private static async Task<StreamQueue<JsonObject>.Batch?> Next(StreamQueue<JsonObject> queue, CancellationToken cancellation)
    {
        try
        {
            return await queue.ReadAsync(BatchSize, Patience, cancellation);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task<bool> Wait(MapWatch watch, CancellationToken cancellation)
    {
        try
        {
            await watch.WaitAsync(cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static void RequireAdmin(Identity identity)
    {
        if ((identity.Capabilities & Capabilities.SysAdmin) == 0)
            throw new ApiException(403, "This stream shows what others do: it needs CAP_SYS_ADMIN.") { Error = Errno.EPERM };
    }
}
