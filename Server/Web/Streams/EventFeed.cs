using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Syscall;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Streams;

/// <summary>Passes the kernel's events on to the readers of the stream; with no reader they cost a look.</summary>
public sealed class EventFeed : IDisposable
{
    private readonly KernelEvents _events;
    private readonly Broadcast<JsonObject> _broadcast;

    public EventFeed(KernelHost kernels, IOptions<LimitsOptions> limits)
    {
        _broadcast = new Broadcast<JsonObject>(limits.Value.StreamBuffer);
        _events = kernels.Emulated.Events;
        _events.Raised += Publish;
    }

    public StreamQueue<JsonObject> Subscribe() => _broadcast.Subscribe();

    public void Unsubscribe(StreamQueue<JsonObject> reader) => _broadcast.Unsubscribe(reader);

    public void Dispose()
    {
        _events.Raised -= Publish;
        _broadcast.Complete();
    }

    private void Publish(KernelEvent happened)
    {
        if (!_broadcast.HasReaders)
            return;
        var item = new JsonObject
        {
            ["seq"] = happened.Seq,
            ["at"] = happened.At,
            ["type"] = happened.Type,
            ["kind"] = happened.Kind.ToString().ToLowerInvariant(),
            ["id"] = happened.Id,
            ["name"] = happened.Name,
            ["pid"] = happened.Pid,
            ["comm"] = happened.Comm,
        };
        if (happened.Path is not null)
            item["path"] = WebBpf.Kernel.Objects.Fs.Bpffs.Mount + happened.Path;
        _broadcast.Publish(item);
    }
}

/// <summary>Passes lines of the trace pipe on to the readers of the stream.</summary>
public sealed class TraceFeed : IDisposable
{
    private readonly KernelServices _services;
    private readonly Broadcast<JsonObject> _broadcast;

    public TraceFeed(KernelHost kernels, IOptions<LimitsOptions> limits)
    {
        _broadcast = new Broadcast<JsonObject>(limits.Value.StreamBuffer);
        _services = kernels.Emulated.Services;
        _services.Traced += Publish;
    }

    public StreamQueue<JsonObject> Subscribe() => _broadcast.Subscribe();

    public void Unsubscribe(StreamQueue<JsonObject> reader) => _broadcast.Unsubscribe(reader);

    public void Dispose()
    {
        _services.Traced -= Publish;
        _broadcast.Complete();
    }

    private void Publish(TraceLine line)
    {
        if (!_broadcast.HasReaders)
            return;
        _broadcast.Publish(new JsonObject
        {
            ["seq"] = line.Seq,
            ["at"] = line.At,
            ["cpu"] = line.Cpu,
            ["pid"] = line.Pid,
            ["comm"] = line.Comm,
            ["prog_id"] = line.ProgramId,
            ["text"] = line.Text,
        });
    }
}
