using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;

namespace WebBpf.Server.Api;

/// <summary>
/// What a noun works with: a short-lived process with the rights of the caller's session, so that the fds it opens by id do not appear
/// in the session's table; all of them are closed at the end.
/// </summary>
public sealed class Desk : IDisposable
{
    private readonly CallMemory _memory;

    private Desk(Caller caller, BpfTask task, CallMemory memory)
    {
        Caller = caller;
        Task = task;
        _memory = memory;
        Port = new BpfPort(caller.Backend, memory.Arena, Call());
    }

    public Caller Caller { get; }
    public BpfTask Task { get; }
    public BpfPort Port { get; }
    public CallMemory Memory => _memory;
    public IBpfBackend Backend => Caller.Backend;

    /// <summary>One for the request; disposed with it.</summary>
    public static Desk Of(HttpContext context)
    {
        Desk desk = ForStream(context);
        context.Response.RegisterForDispose(desk);
        return desk;
    }

    /// <summary>One for a part of a long request, which disposes it.</summary>
    public static Desk ForStream(HttpContext context) => For(Caller.Of(context));

    /// <summary>One for a caller of any kind; whoever asks disposes it.</summary>
    public static Desk For(Caller caller)
    {
        BpfTask owner = caller.Session.Task;
        var task = new BpfTask
        {
            Pid = owner.Pid,
            Tgid = owner.Tgid,
            Uid = owner.Uid,
            Gid = owner.Gid,
            Comm = owner.Comm,
            Capabilities = owner.Capabilities,
        };
        CallMemory memory = caller.NewCallMemory();
        return new Desk(caller, task, memory);
    }

    public BpfCall Call(ILoadObserver? observer = null) => Caller.Call(observer) with { Task = Task };

    /// <summary>An fd on an object by its id.</summary>
    /// <exception cref="ApiException">404 where there is none, 403 where the caller may not.</exception>
    public int Open(ObjectKind kind, uint id) => (int)CallStatus.Check(Port.FdById(FdCommand(kind), id), $"{Word(kind)} {id}");

    /// <summary>Ids above <paramref name="after"/>, ascending.</summary>
    /// <exception cref="ApiException">403 where the caller may not.</exception>
    public IEnumerable<uint> Ids(ObjectKind kind, uint after = 0)
    {
        while (true)
        {
            long ret = Port.NextId(NextCommand(kind), after, out uint next);
            if (ret == -Errno.ENOENT)
                yield break;
            CallStatus.Check(ret, $"list of {Word(kind)}s");
            yield return after = next;
        }
    }

    /// <summary>The object behind an fd of this desk, with a reference for the caller; null on the machine's kernel.</summary>
    public T? Object<T>(int fd)
        where T : KernelObject
    {
        KernelObject? file = Task.Fds.Get(fd);
        if (file is T wanted)
            return wanted;
        file?.Put();
        return null;
    }

    public void Close(int fd) => Task.Fds.Close(fd);

    public void Dispose()
    {
        Task.Fds.CloseAll();
        _memory.Dispose();
    }

    public static string Word(ObjectKind kind) => kind switch
    {
        ObjectKind.Prog => "program",
        ObjectKind.Map => "map",
        ObjectKind.Btf => "BTF object",
        ObjectKind.Link => "link",
        _ => "file",
    };

    private static BpfCommand NextCommand(ObjectKind kind) => kind switch
    {
        ObjectKind.Prog => BpfCommand.ProgGetNextId,
        ObjectKind.Map => BpfCommand.MapGetNextId,
        ObjectKind.Btf => BpfCommand.BtfGetNextId,
        _ => BpfCommand.LinkGetNextId,
    };

    private static BpfCommand FdCommand(ObjectKind kind) => kind switch
    {
        ObjectKind.Prog => BpfCommand.ProgGetFdById,
        ObjectKind.Map => BpfCommand.MapGetFdById,
        ObjectKind.Btf => BpfCommand.BtfGetFdById,
        _ => BpfCommand.LinkGetFdById,
    };
}
