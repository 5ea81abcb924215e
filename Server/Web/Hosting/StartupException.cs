namespace WebBpf.Server.Hosting;

/// <summary>The server refuses to start; the message says why and what to set.</summary>
public sealed class StartupException : Exception
{
    public StartupException()
    {
    }

    public StartupException(string message)
        : base(message)
    {
    }

    public StartupException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
