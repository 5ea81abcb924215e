using System.Reflection;
using Microsoft.Extensions.Options;
using WebBpf.Server.Api.Objects;
using WebBpf.Server.Api.Programs;
using WebBpf.Server.Hosting;
using WebBpf.Server.Streams;
using WebBpf.Shared.Dashboard;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Dashboard;

/// <summary>Uploads of pages, by what POST /api/v1/objects uses.</summary>
public sealed class ObjectUploads(DashboardCaller caller, SampleStore samples, IOptions<LimitsOptions> limits) : ILoader
{
    public long MaxBytes => limits.Value.MaxRequestBytes;

    public Task<ObjectInfo> Load(byte[] file, string name, CancellationToken cancellation) =>
        caller.Call(desk => ObjectsApi.UploadFor(desk.Caller, file, new UploadQuery { Name = name }, new LoadObserver(null)), cancellation);

    public Task<SampleResult> LoadSample(CancellationToken cancellation) => caller.Call(
        async desk =>
        {
            ObjectInfo loaded = await ObjectsApi.UploadFor(desk.Caller, samples.Object, new UploadQuery { Name = "counter" }, new LoadObserver(null));
            if (loaded.Programs is not [{ Id: { } id }, ..])
                return new SampleResult(loaded, null);
            using var output = new MemoryStream();
            return new SampleResult(loaded, await CaptureRun.RunOn(desk, id, samples.Capture, output));
        },
        cancellation);
}

/// <summary>The sample that comes with the server: it counts packets by protocol; with a capture of mixed packets.</summary>
public sealed class SampleStore
{
    public byte[] Object { get; } = Read("counter.bpf.o");

    public byte[] Capture { get; } = Read("mixed.pcap");

    private static byte[] Read(string name)
    {
        using Stream source = Assembly.GetExecutingAssembly().GetManifestResourceStream("samples/" + name)
            ?? throw new InvalidOperationException($"The server was built without its sample {name}.");
        var bytes = new byte[source.Length];
        source.ReadExactly(bytes);
        return bytes;
    }
}
