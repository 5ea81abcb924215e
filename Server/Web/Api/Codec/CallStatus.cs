using System.Text.Json.Nodes;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>What a failed system call becomes in HTTP.</summary>
public static class CallStatus
{
    /// <summary>The status of an errno (of either sign); never 500. <paramref name="isLoad"/> tells the two meanings of E2BIG apart.</summary>
    public static int Of(long error, bool isLoad) => (int)Math.Abs(error) switch
    {
        Errno.EPERM => 403,
        Errno.EACCES => 422,
        Errno.E2BIG => isLoad ? 413 : 507,
        Errno.ENOENT or Errno.EBADF or Errno.ESRCH or Errno.ENODEV => 404,
        Errno.EEXIST or Errno.EBUSY => 409,
        Errno.EOPNOTSUPP or Errno.ENOTSUPP => 501,
        Errno.ENOSPC => 507,
        Errno.ENOMEM => 503,
        Errno.EAGAIN => 429,
        _ => 400,
    };

    /// <summary>What an errno means, in a few words.</summary>
    public static string Words(long error) => (int)Math.Abs(error) switch
    {
        Errno.EPERM => "The caller lacks the capability for this.",
        Errno.EACCES => "The verifier or a permission refuses this.",
        Errno.EINVAL => "An argument is not valid.",
        Errno.EFAULT => "A buffer is missing or too small.",
        Errno.E2BIG => "Too much: a program that is too long or complex, a full map, or attributes that the kernel does not know.",
        Errno.ENOENT => "There is no such object or element.",
        Errno.EBADF => "The file descriptor is not open or of another kind.",
        Errno.ESRCH => "There is no such process, function or type.",
        Errno.ENODEV => "There is no such device.",
        Errno.EEXIST => "It exists already.",
        Errno.EBUSY => "It is in use.",
        Errno.EOPNOTSUPP or Errno.ENOTSUPP => "This is not supported.",
        Errno.ENOSPC => "There is no room for the result.",
        Errno.ENOMEM => "There is no memory for this.",
        Errno.EAGAIN => "Not now: try again.",
        Errno.EINTR => "The call was cut off.",
        _ => "The kernel refuses this.",
    };

    /// <summary>The ProblemDetails of a failed call; outputs are added by the caller.</summary>
    public static JsonObject Document(long ret, bool isLoad, string? notImplemented, string? title = null)
    {
        int status = notImplemented is null ? Of(ret, isLoad) : 501;
        return Problem.Document(status, title ?? (notImplemented is null ? Words(ret) : $"not implemented: {notImplemented}"), (int)-ret, notImplemented: notImplemented);
    }

    /// <summary>Throws for a negative result of a call that a noun made.</summary>
    /// <exception cref="ApiException">The status and errno of the result.</exception>
    public static long Check(long ret, string what)
    {
        if (ret >= 0)
            return ret;
        throw new ApiException(Of(ret, isLoad: false), $"{what}: {Words(ret)}") { Error = (int)-ret };
    }
}
