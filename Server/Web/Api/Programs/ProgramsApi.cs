using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Metrics;
using WebBpf.Server.Streams;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Programs;

/// <summary>Loaded programs, as <c>bpftool prog</c> shows them, and their runs.</summary>
public static class ProgramsApi
{
    public static void MapPrograms(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/programs").WithTags("programs");
        group.MapGet("/", List).WithSummary("Loaded programs.");
        group.MapGet("/{id:int}", Get).WithSummary("One program.");
        group.MapGet("/{id:int}/xlated", ProgramDumps.Xlated).WithSummary("Instructions after verification and rewrites.");
        group.MapGet("/{id:int}/jited", ProgramDumps.Jited).WithSummary("Machine code (not implemented yet).");
        group.MapGet("/{id:int}/cfg", ProgramDumps.Cfg).WithSummary("Basic blocks and edges of the program as it runs.");
        group.MapGet("/{id:int}/log", Log).WithSummary("The verifier's log of the load, while it is remembered.");
        group.MapGet("/{id:int}/stats", Stats).WithSummary("Run statistics and numbers of the verification.");
        group.MapPost("/{id:int}/run", Run).Accepts<JsonElement>("application/json").WithSummary("BPF_PROG_TEST_RUN by id; the body has the fields of prog_test_run.");
        group.MapPost("/{id:int}/run/pcap", CaptureRun.Run).Accepts<byte[]>("application/octet-stream", "application/vnd.tcpdump.pcap")
            .Produces<CaptureRunInfo>().WithSummary("Runs the program over a capture (pcap or pcapng), packet by packet.");
    }

    private static Ok<Page<ProgramInfo>> List(HttpContext context, string? cursor = null, int? limit = null, string? filter = null, string? sort = null)
    {
        Desk desk = Desk.Of(context);
        PinPaths pins = context.Pins();
        return TypedResults.Ok(Paging.Of(after => desk.Ids(ObjectKind.Prog, after), id => ProgramReader.TryRead(desk, id, pins), p => p.Id, cursor, limit, filter, sort));
    }

    private static Ok<ProgramInfo> Get(HttpContext context, int id)
    {
        Desk desk = Desk.Of(context);
        return TypedResults.Ok(ProgramReader.Read(desk, desk.Open(ObjectKind.Prog, (uint)id), context.Pins()));
    }

    private static Ok<LogInfo> Log(HttpContext context, int id, ProgramLogs logs)
    {
        Desk desk = Desk.Of(context);
        desk.Open(ObjectKind.Prog, (uint)id);
        return logs.Find((uint)id) is { } log && !desk.Caller.IsLinux
            ? TypedResults.Ok(new LogInfo((uint)id, log))
            : throw ApiException.NotFound($"The log of program {id} is not remembered: it was loaded without one, or before a restart.");
    }

    private static Ok<ProgramStats> Stats(HttpContext context, int id) => TypedResults.Ok(StatsOf(Desk.Of(context), (uint)id));

    internal static ProgramStats StatsOf(Desk desk, uint id)
    {
        int fd = desk.Open(ObjectKind.Prog, id);
        ProgramInfo info = ProgramReader.Read(desk, fd, PinPaths.None);
        BpfProgram? program = desk.Object<BpfProgram>(fd);
        VerificationStats? verification = program is null ? null : Verdicts.Info(program.VerifierStats);
        program?.Put();
        return new ProgramStats(info.Id, info.RunTimeNs, info.RunCnt, info.RecursionMisses, info.VerifiedInsns, verification);
    }

    private static async Task Run(HttpContext context, int id, BodyReader bodies, ServerMetrics metrics)
    {
        JsonElement body = await bodies.ReadObjectAsync(context);
        var observer = new LoadObserver(null);
        CallRunner.Result result = await RunOn(Desk.Of(context), (uint)id, body, observer, metrics);
        await BpfApi.Answer(context, BpfCommand.ProgTestRun, result, observer);
    }

    internal static async Task<CallRunner.Result> RunOn(Desk desk, uint id, JsonElement body, LoadObserver observer, ServerMetrics metrics)
    {
        int fd = desk.Open(ObjectKind.Prog, id);
        if (body.TryGetProperty("prog_fd", out _))
            throw ApiException.Bad("prog_fd", "the program is named by the route.");
        var fields = new Dictionary<string, JsonElement>();
        foreach (JsonProperty member in body.EnumerateObject())
            fields[member.Name] = member.Value;
        fields["prog_fd"] = JsonSerializer.SerializeToElement(fd);

        CallRunner.Result result = await CallRunner.Run(
            desk.Backend, desk.Call(), BpfCommand.ProgTestRun, JsonSerializer.SerializeToElement(fields), desk.Memory, observer);
        metrics.Called("prog_test_run", result.Failed ? Errno.Name(result.Ret) : "ok");
        return result;
    }
}
