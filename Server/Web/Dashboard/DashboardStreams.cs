using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using WebBpf.Server.Api;
using WebBpf.Server.Auth;
using WebBpf.Shared.Dashboard;

namespace WebBpf.Server.Dashboard;

/// <summary>The streams for pages: the items of the hub, read into records.</summary>
public sealed class DashboardStreams(DashboardCaller caller, LiveSources sources) : IStreams
{
    public IAsyncEnumerable<KernelEventItem> KernelEvents(CancellationToken cancellation) =>
        Read<KernelEventItem>((me, ended) => sources.KernelEvents(me, ended), cancellation);

    public IAsyncEnumerable<MapChangeItem> MapChanges(uint mapId, CancellationToken cancellation) =>
        Read<MapChangeItem>((me, ended) => sources.MapChanges(me, mapId, ended), cancellation);

    public IAsyncEnumerable<TraceItem> Trace(CancellationToken cancellation) => Read<TraceItem>((me, ended) => sources.Trace(me, ended), cancellation);

    public IAsyncEnumerable<StatsItem> Stats(uint? programId, int intervalMs, CancellationToken cancellation) =>
        Read<StatsItem>((me, ended) => sources.Stats(me, programId, intervalMs, ended), cancellation);

    public IAsyncEnumerable<LoadItem> VerifierLog(string loadId, CancellationToken cancellation) =>
        Read<LoadItem>((me, ended) => sources.VerifierLog(me, loadId, ended), cancellation);

    private async IAsyncEnumerable<T> Read<T>(Func<Identity, CancellationToken, IAsyncEnumerable<JsonObject>> open, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using IAsyncEnumerator<JsonObject> reader = Open(open, await caller.Identity(), cancellation).GetAsyncEnumerator(cancellation);
        while (await Move(reader))
            yield return reader.Current.Deserialize<T>(WireJson.Options)!;
    }

    private static IAsyncEnumerable<JsonObject> Open(Func<Identity, CancellationToken, IAsyncEnumerable<JsonObject>> open, Identity me, CancellationToken cancellation)
    {
        try
        {
            return open(me, cancellation);
        }
        catch (ApiException e)
        {
            throw DashboardCaller.Refusal(e);
        }
    }

    private static async ValueTask<bool> Move(IAsyncEnumerator<JsonObject> reader)
    {
        try
        {
            return await reader.MoveNextAsync();
        }
        catch (ApiException e)
        {
            throw DashboardCaller.Refusal(e);
        }
    }
}
