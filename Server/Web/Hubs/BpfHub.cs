using System.Text.Json.Nodes;
using Microsoft.AspNetCore.SignalR;
using WebBpf.Server.Api;
using WebBpf.Server.Auth;
using WebBpf.Server.Dashboard;

namespace WebBpf.Server.Hubs;

/// <summary>
/// <c>/hubs/bpf</c>: the five streams of the service for SignalR clients. A client reads each with <c>connection.stream("Name", ...)</c> and ends it by
/// disposing the subscription.
/// </summary>
public sealed class BpfHub(LiveSources sources) : Hub
{
    /// <summary>Lines, progress and verdict of the load sent with this X-Load-Id, from the first line.</summary>
    public IAsyncEnumerable<JsonObject> VerifierLog(string loadId, CancellationToken cancellation) => sources.VerifierLog(Me, loadId, cancellation);

    /// <summary>Run statistics of one program, or of all.</summary>
    public IAsyncEnumerable<JsonObject> Stats(int? programId, int intervalMs, CancellationToken cancellation) =>
        sources.Stats(Me, (uint?)programId, intervalMs, cancellation);

    /// <summary>Who wrote which key of a map, with old and new value.</summary>
    public IAsyncEnumerable<JsonObject> MapChanges(int mapId, CancellationToken cancellation) => sources.MapChanges(Me, (uint)mapId, cancellation);

    /// <summary>What happens to objects.</summary>
    public IAsyncEnumerable<JsonObject> KernelEvents(CancellationToken cancellation) => sources.KernelEvents(Me, cancellation);

    /// <summary>The trace pipe.</summary>
    public IAsyncEnumerable<JsonObject> Trace(CancellationToken cancellation) => sources.Trace(Me, cancellation);

    private Identity Me => CallerClaims.Of(Context.User);
}

/// <summary>Tells a client why a call was refused; other failures stay unexplained.</summary>
public sealed class HubErrors : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        try
        {
            object? result = await next(invocationContext);
            return result is IAsyncEnumerable<JsonObject> items ? Explained(items, invocationContext.Context.ConnectionAborted) : result;
        }
        catch (ApiException e)
        {
            throw new HubException(e.Message, e);
        }
    }

    /// <summary>A sequence starts when it is first asked for an item: its refusal comes then.</summary>
    private static async IAsyncEnumerable<JsonObject> Explained(IAsyncEnumerable<JsonObject> items, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using IAsyncEnumerator<JsonObject> reader = items.GetAsyncEnumerator(cancellation);
        while (await Move(reader))
            yield return reader.Current;
    }

    private static async ValueTask<bool> Move(IAsyncEnumerator<JsonObject> reader)
    {
        try
        {
            return await reader.MoveNextAsync();
        }
        catch (ApiException e)
        {
            throw new HubException(e.Message, e);
        }
    }
}
