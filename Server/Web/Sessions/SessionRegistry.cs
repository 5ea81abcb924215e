using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api;
using WebBpf.Server.Auth;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Sessions;

/// <summary>All sessions by id. A session is visible to the identity that made it only; for others it does not exist.</summary>
public sealed class SessionRegistry(IOptions<SessionsOptions> options)
{
    private readonly ConcurrentDictionary<string, Session> _sessions = new();
    private readonly ConcurrentDictionary<string, Session> _defaults = new();
    private readonly Lock _creating = new();
    private int _lastPid = 999;

    /// <summary>The identity's permanent session, made at its first use.</summary>
    public Session Default(Identity owner)
    {
        if (_defaults.TryGetValue(owner.Id, out Session? known))
            return known;
        lock (_creating)
        {
            if (_defaults.TryGetValue(owner.Id, out known))
                return known;
            Session made = Make($"default-{owner.Id}", "default", owner, owner.Capabilities, owner.Uid, permanent: true);
            _defaults[owner.Id] = made;
            return made;
        }
    }

    /// <summary>A new session of the caller with at most the caller's capabilities.</summary>
    /// <exception cref="ApiException">403 for capabilities that the caller lacks, 429 (EAGAIN) where the caller has too many sessions.</exception>
    public Session Create(Identity owner, string? name, Capabilities? wanted, uint? uid)
    {
        Capabilities capabilities = wanted ?? owner.Capabilities;
        if ((capabilities & ~owner.Capabilities) != 0)
            throw new ApiException(403, "capabilities: a session cannot have more than its caller.") { Field = "capabilities", Error = Errno.EPERM };
        if (uid is { } other && other != owner.Uid && !owner.Administrator)
            throw new ApiException(403, "uid: only administrators may act for another user.") { Field = "uid", Error = Errno.EPERM };
        lock (_creating)
        {
            if (List(owner).Count > options.Value.MaxPerIdentity)
                throw new ApiException(429, "There are too many sessions: end some (Sessions:MaxPerIdentity).") { Error = Errno.EAGAIN };
            string id = "s" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            return Make(id, name ?? id, owner, capabilities, uid ?? owner.Uid, permanent: false);
        }
    }

    public IReadOnlyList<Session> List(Identity owner) =>
        [.. _sessions.Values.Where(s => s.Owner.Id == owner.Id).OrderBy(s => s.Task.Pid)];

    /// <exception cref="ApiException">404 where the caller has no session of that id.</exception>
    public Session Find(Identity owner, string id) =>
        _sessions.TryGetValue(id, out Session? session) && session.Owner.Id == owner.Id
            ? session
            : throw new ApiException(404, $"There is no session '{id}' of this caller.") { Error = Errno.ESRCH, Field = "X-Bpf-Session" };

    /// <summary>Ends a session: its fds are closed.</summary>
    public void End(Session session)
    {
        if (_sessions.TryRemove(session.Id, out _))
            session.Task.Fds.CloseAll();
    }

    /// <summary>Ends what has idled too long; permanent sessions stay.</summary>
    public void EndIdle()
    {
        foreach (Session session in _sessions.Values.Where(s => !s.Permanent && s.Idle > options.Value.IdleTimeout))
            End(session);
    }

    private Session Make(string id, string name, Identity owner, Capabilities capabilities, uint uid, bool permanent)
    {
        uint pid = (uint)Interlocked.Increment(ref _lastPid);
        var task = new BpfTask
        {
            Pid = pid,
            Tgid = pid,
            Uid = uid,
            Gid = uid,
            Comm = name.Length > 15 ? name[..15] : name,
            Capabilities = capabilities,
        };
        var session = new Session(id, name, owner, task, permanent);
        _sessions[id] = session;
        return session;
    }
}
