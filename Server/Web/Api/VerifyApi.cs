using System.Text.Json;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Streams;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>
/// Judges a program without keeping it: the fields of prog_load, and <c>asm</c> in place of <c>insns</c>. Maps are those of the session's fds.
/// A judgement is 200 whichever way it goes; a call that never reached the verifier is a problem.
/// </summary>
public static class VerifyApi
{
    public static void MapVerify(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/verify", Verify).Accepts<JsonObject>("application/json").Produces<VerifyResult>()
            .WithTags("assembly").WithSummary("Verdict and log of a program; nothing stays loaded.");

    private static async Task Verify(HttpContext context, BodyReader bodies)
    {
        Caller caller = Caller.Of(context);
        JsonElement body = Complete(await bodies.ReadObjectAsync(context));
        LoadObserver observer = LoadObserver.Of(context);
        using CallMemory memory = context.NewCallMemory();
        CallRunner.Result result;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            result = await CallRunner.Run(caller.Backend, caller.Call(), BpfCommand.ProgLoad, body, memory, observer);
        }
        finally
        {
            observer.Finish();
        }

        if (!result.Failed)
            caller.Session.Task.Fds.Close((int)result.Ret);
        if (result.Failed && (observer.Verdict is null || result.NotImplemented is not null))
        {
            await BpfApi.Answer(context, BpfCommand.ProgLoad, result, observer);
            return;
        }

        string log = (string?)result.Body["log"] ?? "";
        long us = (long)System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        var answer = new VerifyResult(
            !result.Failed, result.Failed ? Errno.Name(result.Ret) : null, result.Failed ? result.Ret : 0, log, Verdicts.Info(observer.Verdict), LogStats.Of(log, us));
        await context.Response.WriteAsJsonAsync(answer, WireJson.Options, context.RequestAborted);
    }

    private static JsonElement Complete(JsonElement body)
    {
        JsonObject fields = JsonObject.Create(body)!;
        if (fields.Remove("asm", out JsonNode? asm))
        {
            if (asm is not JsonValue text || !text.TryGetValue(out string? source))
                throw ApiException.Bad("asm", "text is expected.");
            if (fields.ContainsKey("insns"))
                throw ApiException.Bad("asm", "insns and asm exclude each other.");
            fields["insns"] = Hex.Of(Insn.ToBytes(AssemblyApi.Parse(source).Insns));
        }

        if (!fields.ContainsKey("insns"))
            throw ApiException.Bad("insns", "insns or asm is expected.");
        if (!fields.ContainsKey("license"))
            fields["license"] = "GPL";
        if (!fields.ContainsKey("log_level"))
            fields["log_level"] = 1;
        return JsonSerializer.SerializeToElement(fields);
    }
}
