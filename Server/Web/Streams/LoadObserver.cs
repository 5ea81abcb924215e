using System.Text;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Verifier;
using WebBpf.Server.Api;

namespace WebBpf.Server.Streams;

/// <summary>Listens to one load: keeps the verdict and gaps for the answer, and passes log lines on to the stream of the load id.</summary>
public sealed class LoadObserver(LoadLog? log) : ILoadObserver
{
    private readonly StringBuilder _line = new();

    public Verdict? Verdict { get; private set; }

    /// <summary>What is missing on our side, where that is the reason of a refusal.</summary>
    public string? NotImplemented { get; private set; }

    public void OnLog(ReadOnlySpan<char> text)
    {
        if (log is null)
            return;
        while (!text.IsEmpty)
        {
            int end = text.IndexOf('\n');
            _line.Append(end < 0 ? text : text[..end]);
            if (end < 0)
                return;
            PublishLine();
            text = text[(end + 1)..];
        }
    }

    public void OnProgress(uint insnsProcessed, uint totalStates) =>
        log?.Publish(new JsonObject { ["type"] = "progress", ["insns_processed"] = insnsProcessed, ["total_states"] = totalStates });

    public void OnNotImplemented(string what) => NotImplemented ??= what;

    public void OnVerdict(Verdict verdict)
    {
        Verdict = verdict;
        NotImplemented ??= verdict.NotImplemented;
        if (log is null)
            return;
        PublishLine();
        log.Publish(new JsonObject { ["type"] = "verdict", ["accepted"] = verdict.Accepted, ["message"] = verdict.Message });
    }

    /// <summary>The load is over, whatever came of it.</summary>
    public void Finish()
    {
        if (log is null)
            return;
        PublishLine();
        log.Complete();
    }

    /// <summary>The observer of a request: it streams where the request has a header X-Load-Id.</summary>
    public static LoadObserver Of(HttpContext context)
    {
        string id = context.Request.Headers["X-Load-Id"].ToString();
        if (id.Length == 0)
            return new LoadObserver(null);
        if (id.Length > 128)
            throw new ApiException(400, "X-Load-Id: at most 128 characters are expected.") { Field = "X-Load-Id" };
        return new LoadObserver(context.RequestServices.GetRequiredService<LoadLogs>().Open(Auth.Identity.Of(context).Id, id));
    }

    private void PublishLine()
    {
        if (_line.Length == 0)
            return;
        log!.Publish(new JsonObject { ["type"] = "log", ["line"] = _line.ToString() });
        _line.Clear();
    }
}
