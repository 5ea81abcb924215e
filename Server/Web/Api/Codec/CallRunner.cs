using System.Text.Json;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Server.Streams;

namespace WebBpf.Server.Api.Codec;

/// <summary>Runs one system call that came as JSON; acknowledges a change of durable state only when it is on disk.</summary>
public static class CallRunner
{
    /// <summary>What came out, as the body of the answer: its <c>ret</c> tells success from failure.</summary>
    public sealed record Result(long Ret, JsonObject Body, string? NotImplemented)
    {
        public bool Failed => Ret < 0;
    }

    /// <exception cref="ApiException">400 naming the field, before the kernel was asked.</exception>
    public static async Task<Result> Run(IBpfBackend backend, BpfCall call, BpfCommand command, JsonElement body, CallMemory memory, LoadObserver observer)
    {
        AttrCommand table = AttrTable.Find(command) ?? throw ApiException.Gap($"command {UapiName.Of(command)}");
        AttrFrame frame = AttrCodec.Encode(table, body, memory.Arena, fd => Shape(call.Task, fd));
        var receipt = new CallReceipt();
        BpfCall whole = call with { Observer = observer, Receipt = receipt };
        long ret = IsHeavy(command)
            ? await Task.Factory.StartNew(() => backend.Bpf(command, frame.Passed, frame.Memory, whole), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : backend.Bpf(command, frame.Passed, frame.Memory, whole);
        await receipt.Durable;

        var answer = new JsonObject { ["ret"] = ret };
        frame.WriteOutputs(answer, ret);
        if (command == BpfCommand.ObjGetInfoByFd && ret >= 0)
            ret = AddInfo(backend, call, memory.Arena, (int)frame.Get("bpf_fd"), answer);
        if (command == BpfCommand.ProgLoad && Verdicts.Info(observer.Verdict) is { } verdict)
            answer["verdict"] = JsonSerializer.SerializeToNode(verdict, WireJson.Options);
        return new Result(ret, answer, ret < 0 ? observer.NotImplemented : null);
    }

    /// <summary>Sizes of the map behind an fd of the caller; null where it is none.</summary>
    public static MapShape? Shape(BpfTask task, int fd)
    {
        KernelObject? file = task.Fds.Get(fd);
        if (file is null)
            return null;
        using var held = new KernelReference(file);
        if (file is BpfMap map)
            return new MapShape(map.KeySize, map.UserValueSize);
        return file is LinuxObject { Shape: { } shape } ? new MapShape(shape.KeySize, shape.ValueSize) : null;
    }

    private static bool IsHeavy(BpfCommand command) => command is BpfCommand.ProgLoad or BpfCommand.ProgTestRun;

    private static long AddInfo(IBpfBackend backend, BpfCall call, UserMemoryArena arena, int fd, JsonObject answer)
    {
        KernelObject? file = call.Task.Fds.Get(fd);
        if (file is null)
            return -Errno.EBADF;
        using var held = new KernelReference(file);
        JsonObject? info = InfoCodec.Read(backend, arena, call, fd, file.Kind, out long ret);
        if (info is not null)
            answer["info"] = info;
        return ret;
    }
}
