using System.Text.Json.Nodes;
using WebBpf.Server.Api;

namespace WebBpf.Server.Streams;

/// <summary>Writes a queue as server-sent events: <c>data: {"seq":N,...}</c>, a gap as <c>data: {"dropped":n}</c>, and a comment when it is quiet.</summary>
public static class SseWriter
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    /// <summary>Runs until the queue ends, the reader leaves or the server stops.</summary>
    public static async Task Run(HttpContext context, StreamQueue<JsonObject> queue, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        HttpResponse response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await response.WriteAsync(": open\n\n", either.Token);
            await response.Body.FlushAsync(either.Token);
            while (true)
            {
                StreamQueue<JsonObject>.Batch batch = await queue.ReadAsync(256, Quiet, either.Token);
                if (batch.Dropped > 0)
                    await response.WriteAsync($"data: {{\"dropped\":{batch.Dropped}}}\n\n", either.Token);
                foreach (JsonObject item in batch.Items)
                    await response.WriteAsync($"data: {item.ToJsonString(WireJson.Options)}\n\n", either.Token);
                if (batch.Items.Count == 0 && !batch.Ended)
                    await response.WriteAsync(": quiet\n\n", either.Token);
                await response.Body.FlushAsync(either.Token);
                if (batch.Ended)
                    return;
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The reader left or the server stops: that is how a stream ends.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The connection broke while we wrote to it.
        }
    }
}
