using System.Text.Json;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Api.Maps;
using WebBpf.Server.Api.Programs;
using WebBpf.Server.Metrics;
using WebBpf.Server.Streams;
using WebBpf.Shared.Dashboard;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Dashboard;

/// <summary>What runs here, for pages.</summary>
public sealed class KernelOverview(DashboardCaller caller) : IKernelOverview
{
    public Task<KernelInfo> Get(CancellationToken cancellation) => caller.Call(KernelApi.Describe, cancellation);
}

/// <summary>Programs for pages, by what the REST routes use.</summary>
public sealed class ProgramCatalog(DashboardCaller caller, ProgramLogs logs, ServerMetrics metrics) : IProgramCatalog
{
    public Task<Page<ProgramInfo>> List(ListQuery query, CancellationToken cancellation) => caller.Call(
        desk =>
        {
            PinPaths pins = desk.Caller.Pins();
            return Paging.Of(after => desk.Ids(ObjectKind.Prog, after), id => ProgramReader.TryRead(desk, id, pins), p => p.Id, query.Cursor, query.Limit, query.Filter, query.Sort);
        },
        cancellation);

    public Task<ProgramInfo> Get(uint id, CancellationToken cancellation) =>
        caller.Call(desk => ProgramReader.Read(desk, desk.Open(ObjectKind.Prog, id), desk.Caller.Pins()), cancellation);

    public Task<XlatedInfo> Xlated(uint id, CancellationToken cancellation) => caller.Call(desk => ProgramDumps.Instructions(desk, id), cancellation);

    public Task<string?> Log(uint id, CancellationToken cancellation) => caller.Call(
        desk =>
        {
            desk.Open(ObjectKind.Prog, id);
            return logs.Find(id);
        },
        cancellation);

    public Task<ProgramStats> Stats(uint id, CancellationToken cancellation) => caller.Call(desk => ProgramsApi.StatsOf(desk, id), cancellation);

    public Task<ProgramRunResult> Run(uint id, ProgramRunRequest request, CancellationToken cancellation) => caller.Call(
        async desk =>
        {
            var body = new JsonObject { ["repeat"] = request.Repeat };
            if (!string.IsNullOrWhiteSpace(request.DataIn))
                body["data_in"] = request.DataIn;
            if (!string.IsNullOrWhiteSpace(request.CtxIn))
                body["ctx_in"] = request.CtxIn;
            var observer = new LoadObserver(null);
            CallRunner.Result result = await ProgramsApi.RunOn(desk, id, JsonSerializer.SerializeToElement(body), observer, metrics);
            if (result.NotImplemented is { } gap)
                throw ApiException.Gap(gap);
            CallStatus.Check(result.Ret, "run");
            uint retval = (uint?)result.Body["retval"] ?? 0;
            UapiName.TryParse(ProgramReader.Read(desk, desk.Open(ObjectKind.Prog, id), PinPaths.None).Type, out BpfProgType type);
            return new ProgramRunResult(retval, PacketVerdicts.Of(type, retval).Name, (uint?)result.Body["duration"] ?? 0, (string?)result.Body["data_out"], (string?)result.Body["ctx_out"]);
        },
        cancellation);

    public Task<CaptureRunInfo> RunCapture(uint id, byte[] capture, CancellationToken cancellation) => caller.Call(
        async desk =>
        {
            using var output = new MemoryStream();
            return await CaptureRun.RunOn(desk, id, capture, output) with { Capture = Hex.Of(output.ToArray()) };
        },
        cancellation);
}

/// <summary>Maps for pages, by what the REST routes use.</summary>
public sealed class MapCatalog(DashboardCaller caller) : IMapCatalog
{
    public Task<Page<MapInfo>> List(ListQuery query, CancellationToken cancellation) => caller.Call(
        desk =>
        {
            PinPaths pins = desk.Caller.Pins();
            return Paging.Of(after => desk.Ids(ObjectKind.Map, after), id => MapReader.TryRead(desk, id, pins), m => m.Id, query.Cursor, query.Limit, query.Filter, query.Sort);
        },
        cancellation);

    public Task<MapInfo> Get(uint id, CancellationToken cancellation) =>
        caller.Call(desk => MapReader.Read(desk, desk.Open(ObjectKind.Map, id), desk.Caller.Pins()), cancellation);

    public Task<Page<MapEntry>> Entries(uint id, ListQuery query, CancellationToken cancellation) =>
        caller.Call(desk => MapsApi.Open(desk, id).List(query.Cursor, Paging.Limit(query.Limit), query.Filter), cancellation);

    public Task Put(uint id, string key, MapEntryWrite write, CancellationToken cancellation) => caller.Call(
        async desk =>
        {
            await MapsApi.Open(desk, id).Put(key, write);
            return true;
        },
        cancellation);

    public Task Delete(uint id, string key, CancellationToken cancellation) => caller.Call(
        async desk =>
        {
            await MapsApi.Open(desk, id).Delete(key);
            return true;
        },
        cancellation);
}
