using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api;

/// <summary>A request that cannot be answered as asked: becomes the ProblemDetails it carries. Not for calls that reached a kernel (see <see cref="CallProblem"/>).</summary>
public sealed class ApiException : Exception
{
    public ApiException()
        : this(StatusCodes.Status400BadRequest, "The request is not valid.")
    {
    }

    public ApiException(string message)
        : this(StatusCodes.Status400BadRequest, message)
    {
    }

    public ApiException(string message, Exception inner)
        : base(message, inner)
    {
        Status = StatusCodes.Status400BadRequest;
    }

    public ApiException(int status, string message)
        : base(message)
    {
        Status = status;
    }

    public int Status { get; }

    /// <summary>The field, parameter or header that is to blame.</summary>
    public string? Field { get; init; }

    /// <summary>A positive errno where the refusal is one of the kernel's kinds; 0 where none.</summary>
    public int Error { get; init; }

    public string? NotImplemented { get; init; }

    /// <summary>400, naming the field.</summary>
    public static ApiException Bad(string field, string message) => new(StatusCodes.Status400BadRequest, $"{field}: {message}") { Field = field };

    public static ApiException NotFound(string message) => new(StatusCodes.Status404NotFound, message) { Error = Errno.ENOENT };

    /// <summary>501 with the marker of a gap.</summary>
    public static ApiException Gap(string what) =>
        new(StatusCodes.Status501NotImplemented, $"not implemented: {what}") { Error = Errno.EOPNOTSUPP, NotImplemented = what };
}
