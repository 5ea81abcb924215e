using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Hosting;
using WebBpf.Server.Streams;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Objects;

/// <summary>
/// Uploads of compiled objects. What loads stays in the session's fds; where a selected program is rejected, or for a dry run, nothing stays.
/// </summary>
public static class ObjectsApi
{
    public static void MapObjects(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/objects", Upload).Accepts<byte[]>("application/octet-stream", "application/x-elf").Produces<ObjectInfo>(201).Produces<ObjectInfo>().Produces<ObjectInfo>(422)
            .WithTags("objects").WithSummary("Loads a compiled BPF object (ELF) into the session.");

    private static async Task<IResult> Upload(HttpContext context, BodyReader bodies, [AsParameters] UploadQuery query)
    {
        RefuseGaps(query);
        byte[] file = await bodies.ReadBytesAsync(context);
        ObjectInfo info = await UploadFor(Caller.Of(context), file, query, LoadObserver.Of(context));
        int status = !info.Programs.All(p => p.Accepted) ? 422 : query.DryRun == true ? 200 : 201;
        return TypedResults.Json(info, WireJson.Options, statusCode: status);
    }

    private static void RefuseGaps(UploadQuery query)
    {
        if (query.Attach == true)
            throw ApiException.Gap("attaching while loading");
    }

    /// <summary>Loads an object for a caller: all of it stays, or nothing. The observer is finished.</summary>
    internal static async Task<ObjectInfo> UploadFor(Caller caller, byte[] file, UploadQuery query, LoadObserver observer)
    {
        RefuseGaps(query);
        var budget = caller.Services.GetRequiredService<InFlightBudget>();
        try
        {
            BpfObject source = Parse(file, query.Name ?? "object");
            LoadOptions options = query.Options(source);
            using InFlightBudget.Lease held = budget.Take(options.LogSize);
            LoadResult result = await Task.Factory.StartNew(
                () => Load(caller, source, options, observer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return await Answer(caller, result, query);
        }
        finally
        {
            observer.Finish();
        }
    }

    private static async Task<ObjectInfo> Answer(Caller caller, LoadResult result, UploadQuery query)
    {
        bool keep = query.DryRun != true && result.AllAccepted;
        IReadOnlyList<string>? pinned = null;
        try
        {
            if (keep && query.Pin is not null)
                pinned = await ObjectPins.Pin(caller, result, query.Pin);
        }
        catch (ApiException)
        {
            Close(caller, result);
            throw;
        }

        ObjectInfo info = Describe(caller, result, keep, pinned);
        if (!keep)
            Close(caller, result);
        return info;
    }

    private static BpfObject Parse(byte[] file, string name)
    {
        try
        {
            return ObjectReader.Read(file, name);
        }
        catch (ObjectFormatException e)
        {
            throw Refusal(e);
        }
    }

    private static LoadResult Load(Caller caller, BpfObject source, LoadOptions options, LoadObserver observer)
    {
        try
        {
            return BpfObjectLoader.Load(caller.Backend, source, options, caller.Call(observer), caller.Cpus);
        }
        catch (ObjectFormatException e)
        {
            throw Refusal(e);
        }
        catch (LoadException e)
        {
            int status = e.NotImplemented is null ? CallStatus.Of(e.Error, isLoad: true) : 501;
            string log = string.IsNullOrWhiteSpace(e.Log) ? "" : "\n" + e.Log.Trim();
            throw new ApiException(status, e.Message + log) { Error = Math.Abs(e.Error), NotImplemented = e.NotImplemented };
        }
    }

    private static ApiException Refusal(ObjectFormatException e) => e.NotImplemented is null
        ? ApiException.Bad("body", e.Message)
        : new ApiException(501, e.Message) { Error = Errno.EOPNOTSUPP, NotImplemented = e.NotImplemented, Field = "body" };

    private static ObjectInfo Describe(Caller caller, LoadResult result, bool keep, IReadOnlyList<string>? pinned)
    {
        var logs = caller.Services.GetRequiredService<ProgramLogs>();
        var programs = new List<ObjectProgramInfo>();
        foreach (LoadedProgram program in result.Programs)
        {
            if (keep && program.Accepted && !caller.IsLinux)
                logs.Keep(program.Id, program.Log);
            programs.Add(new ObjectProgramInfo(
                program.Name,
                program.Section,
                UapiName.Of(program.Type),
                keep && program.Accepted ? program.Id : null,
                keep && program.Accepted ? program.Fd : null,
                program.Accepted,
                program.Accepted ? null : Errno.Name(program.Error),
                program.Log,
                Verdicts.Info(program.Verdict),
                Stats(caller, program),
                program.NotImplemented));
        }

        return new ObjectInfo(
            caller.Services.GetRequiredService<UploadCounter>().Next(),
            result.Name,
            keep && result.BtfFd >= 0 ? result.BtfId : null,
            [.. result.Maps.Select(m => new ObjectMapInfo(m.Name, keep ? m.Id : null, keep ? m.Fd : null))],
            programs,
            pinned);
    }

    private static VerificationStats? Stats(Caller caller, LoadedProgram program)
    {
        KernelObject? file = program.Accepted ? caller.Session.Task.Fds.Get(program.Fd) : null;
        if (file is null)
            return LogStats.Of(program.Log, program.LoadUs);
        using var held = new KernelReference(file);
        return file is BpfProgram own ? Verdicts.Info(own.VerifierStats) : LogStats.Of(program.Log, program.LoadUs);
    }

    private static void Close(Caller caller, LoadResult result)
    {
        foreach (int fd in result.Maps.Select(m => m.Fd).Concat(result.Programs.Select(p => p.Fd)).Append(result.BtfFd).Where(fd => fd >= 0))
            caller.Session.Task.Fds.Close(fd);
    }
}

/// <summary>Numbers uploads.</summary>
public sealed class UploadCounter
{
    private int _last;

    public int Next() => Interlocked.Increment(ref _last);
}
