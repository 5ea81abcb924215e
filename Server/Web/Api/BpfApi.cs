using System.Text.Json;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Metrics;
using WebBpf.Server.Streams;

namespace WebBpf.Server.Api;

/// <summary>The system call: <c>POST /api/v1/bpf/{command}</c> with the fields of union bpf_attr.</summary>
public static class BpfApi
{
    public static void MapBpf(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/bpf").WithTags("bpf");
        group.MapPost("/{command}", Call)
            .Accepts<JsonObject>("application/json")
            .Produces<JsonObject>()
            .WithSummary("bpf(2): the command's fields by their names in union bpf_attr; pointer fields hold the data itself.");
    }

    private static async Task Call(HttpContext context, string command, BodyReader bodies, ServerMetrics metrics)
    {
        if (!UapiName.TryParse(command, out BpfCommand cmd) || command.Any(char.IsUpper))
            throw new ApiException(404, $"There is no command '{command}'.") { Field = "command" };
        Caller caller = Caller.Of(context);
        JsonElement body = await bodies.ReadObjectAsync(context);
        LoadObserver observer = LoadObserver.Of(context);
        using CallMemory memory = context.NewCallMemory();
        try
        {
            CallRunner.Result result = await CallRunner.Run(caller.Backend, caller.Call(), cmd, body, memory, observer);
            metrics.Called(command, result.Failed ? Errno.Name(result.Ret) : "ok");
            await Answer(context, cmd, result, observer);
        }
        finally
        {
            observer.Finish();
        }
    }

    /// <summary>200 with the outputs, or ProblemDetails with whatever the kernel wrote back.</summary>
    internal static async Task Answer(HttpContext context, BpfCommand command, CallRunner.Result result, LoadObserver observer)
    {
        if (!result.Failed)
        {
            await context.Response.WriteAsJsonAsync(result.Body, WireJson.Options, context.RequestAborted);
            return;
        }

        string? message = observer.Verdict is { Accepted: false, Message: { Length: > 0 } said } ? said : null;
        JsonObject problem = CallStatus.Document(result.Ret, command == BpfCommand.ProgLoad, result.NotImplemented, result.NotImplemented is null ? message : null);
        foreach ((string name, JsonNode? value) in result.Body)
        {
            if (name != "ret")
                problem[name] = value?.DeepClone();
        }

        await Problem.Write(context, (int)problem["status"]!, problem);
    }
}
