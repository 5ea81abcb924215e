using Microsoft.Extensions.Options;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Auth;
using WebBpf.Server.Hosting;
using WebBpf.Server.Sessions;

namespace WebBpf.Server.Api;

/// <summary>One request's side of a system call: the session it acts for, the kernel it goes to, and how long it may take.</summary>
public sealed class Caller : IDisposable
{
    private readonly CancellationTokenSource _deadline;
    private readonly IDisposable _use;

    private Caller(IServiceProvider services, Identity identity, Session session, IBpfBackend backend, bool linux, CancellationTokenSource deadline)
    {
        Services = services;
        Identity = identity;
        Session = session;
        Backend = backend;
        IsLinux = linux;
        _deadline = deadline;
        _use = session.Use();
    }

    public IServiceProvider Services { get; }
    public Identity Identity { get; }
    public Session Session { get; }
    public IBpfBackend Backend { get; }
    public bool IsLinux { get; }

    /// <summary>Possible CPUs of the kernel that is called.</summary>
    public required int Cpus { get; init; }

    public CancellationToken Cancellation => _deadline.Token;

    public BpfCall Call(ILoadObserver? observer = null) => new(Session.Task, _deadline.Token, observer);

    /// <summary>Reads X-Bpf-Session and X-Bpf-Backend. The caller lives as long as the request.</summary>
    /// <exception cref="ApiException">404 for a session that is not the caller's, 403 for a kernel it may not use.</exception>
    public static Caller Of(HttpContext context)
    {
        if (context.Items[typeof(Caller)] is Caller known)
            return known;
        Identity identity = Identity.Of(context);
        var sessions = context.RequestServices.GetRequiredService<SessionRegistry>();
        string wanted = context.Request.Headers["X-Bpf-Session"].ToString();
        Session session = wanted.Length == 0 ? sessions.Default(identity) : sessions.Find(identity, wanted);

        var kernels = context.RequestServices.GetRequiredService<KernelHost>();
        string backend = context.Request.Headers["X-Bpf-Backend"].ToString();
        bool linux = backend.Equals("linux", StringComparison.OrdinalIgnoreCase);
        if (!linux && backend.Length > 0 && !backend.Equals("emulated", StringComparison.OrdinalIgnoreCase))
            throw new ApiException(400, "X-Bpf-Backend: 'emulated' or 'linux' is expected.") { Field = "X-Bpf-Backend" };
        if (linux && kernels.Linux is null)
            throw new ApiException(403, "X-Bpf-Backend: the machine's kernel is not offered (Kernel:AllowLinuxBackend).") { Field = "X-Bpf-Backend", Error = Errno.EPERM };
        if (linux && !identity.Administrator)
            throw new ApiException(403, "X-Bpf-Backend: only administrators may use the machine's kernel.") { Field = "X-Bpf-Backend", Error = Errno.EPERM };

        var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(context.RequestServices.GetRequiredService<IOptions<LimitsOptions>>().Value.CallTimeout);
        var caller = new Caller(context.RequestServices, identity, session, linux ? kernels.Linux! : kernels.Emulated, linux, deadline)
        {
            Cpus = linux ? kernels.Linux!.Cpus : kernels.Cpus,
        };
        context.Items[typeof(Caller)] = caller;
        context.Response.RegisterForDispose(caller);
        return caller;
    }

    /// <summary>A caller that is no request of REST (the dashboard, the hub): the identity's default session on our kernel. Whoever asks disposes it.</summary>
    /// <param name="limited">Whether the call may take <c>Limits:CallTimeout</c> only; a stream lasts as long as its reader.</param>
    public static Caller For(IServiceProvider services, Identity identity, bool limited, CancellationToken cancellation)
    {
        var kernels = services.GetRequiredService<KernelHost>();
        Session session = services.GetRequiredService<SessionRegistry>().Default(identity);
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (limited)
            deadline.CancelAfter(services.GetRequiredService<IOptions<LimitsOptions>>().Value.CallTimeout);
        return new Caller(services, identity, session, kernels.Emulated, linux: false, deadline) { Cpus = kernels.Cpus };
    }

    public void Dispose()
    {
        _use.Dispose();
        _deadline.Dispose();
    }
}
