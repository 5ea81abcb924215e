using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Auth;
using WebBpf.Server.Sessions;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>Sessions: the processes that calls act for, and their file descriptors.</summary>
public static class SessionsApi
{
    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/sessions").WithTags("sessions");
        group.MapGet("/", List).WithSummary("The caller's sessions.");
        group.MapPost("/", Create).Accepts<SessionRequest>("application/json").WithSummary("Starts a session with at most the caller's capabilities.");
        group.MapGet("/{id}", Get).WithSummary("One session.");
        group.MapDelete("/{id}", End).WithSummary("Ends a session: its fds are closed.");
        group.MapGet("/{id}/fds", Fds).WithSummary("The session's open file descriptors.");
        group.MapPost("/{id}/fds", OpenFd).Accepts<FdRequest>("application/json").WithSummary("Opens an fd of another kind (not implemented yet).");
        group.MapDelete("/{id}/fds/{fd:int}", CloseFd).WithSummary("Closes one file descriptor.");
        group.MapPost("/{id}/fds/{fd:int}/read", ReadFd).WithSummary("Reads from an fd (not implemented yet).");
        group.MapPost("/{id}/fds/{fd:int}/write", ReadFd).WithSummary("Writes to an fd (not implemented yet).");
    }

    private static Ok<Page<SessionInfo>> List(HttpContext context, SessionRegistry sessions, string? cursor = null, int? limit = null, string? filter = null, string? sort = null)
    {
        Identity identity = Identity.Of(context);
        sessions.Default(identity);
        return TypedResults.Ok(Paging.Of(sessions.List(identity).Select(Info), s => s.Pid, cursor, limit, filter, sort));
    }

    private static async Task<Created<SessionInfo>> Create(HttpContext context, SessionRegistry sessions, BodyReader bodies)
    {
        SessionRequest request = await bodies.ReadAsync<SessionRequest>(context);
        if (request.Name is { Length: > 64 or 0 })
            throw ApiException.Bad("name", "1 to 64 characters are expected.");
        Session made = sessions.Create(Identity.Of(context), request.Name, CapabilityNames.Parse(request.Capabilities), request.Uid);
        return TypedResults.Created($"/api/v1/sessions/{made.Id}", Info(made));
    }

    private static Ok<SessionInfo> Get(HttpContext context, SessionRegistry sessions, string id) => TypedResults.Ok(Info(Named(context, sessions, id)));

    private static NoContent End(HttpContext context, SessionRegistry sessions, string id)
    {
        Session session = Named(context, sessions, id);
        if (session.Permanent)
            throw new ApiException(409, "The default session cannot be ended.") { Error = Errno.EBUSY };
        sessions.End(session);
        return TypedResults.NoContent();
    }

    private static Ok<IReadOnlyList<FdInfo>> Fds(HttpContext context, SessionRegistry sessions, string id)
    {
        IReadOnlyList<FdInfo> fds = [.. Named(context, sessions, id).Task.Fds.Snapshot().Select(f => ObjectNames.Describe(f.Key, f.Value))];
        return TypedResults.Ok(fds);
    }

    private static Task<Created<FdResult>> OpenFd(HttpContext context, SessionRegistry sessions, string id)
    {
        Named(context, sessions, id);
        throw ApiException.Gap("fds of other kinds");
    }

    private static NoContent CloseFd(HttpContext context, SessionRegistry sessions, string id, int fd)
    {
        if (!Named(context, sessions, id).Task.Fds.Close(fd))
            throw new ApiException(404, $"fd {fd} is not open.") { Error = Errno.EBADF, Field = "fd" };
        return TypedResults.NoContent();
    }

    private static Task<Ok<FdResult>> ReadFd(HttpContext context, SessionRegistry sessions, string id, int fd)
    {
        using KernelReference held = new(Named(context, sessions, id).Task.Fds.Get(fd)
            ?? throw new ApiException(404, $"fd {fd} is not open.") { Error = Errno.EBADF, Field = "fd" });
        throw ApiException.Gap("read and write on fds");
    }

    private static Session Named(HttpContext context, SessionRegistry sessions, string id)
    {
        Identity identity = Identity.Of(context);
        return id == "default" ? sessions.Default(identity) : sessions.Find(identity, id);
    }

    private static SessionInfo Info(Session s) =>
        new(s.Id, s.Task.Pid, s.Name, s.Task.Uid, CapabilityNames.Of(s.Task.Capabilities), s.Permanent, s.Task.Fds.Snapshot().Count, s.CreatedAt, s.Idle.TotalSeconds);
}
