namespace WebBpf.Loader;

/// <summary>
/// An input file that cannot be used as it is: what is wrong and where. Thrown by the parsers of this project for any bytes that are not
/// what they should be; no other exception leaves them.
/// </summary>
public sealed class ObjectFormatException : Exception
{
    public ObjectFormatException()
    {
    }

    public ObjectFormatException(string message)
        : base(message)
    {
    }

    public ObjectFormatException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ObjectFormatException(string where, long offset, string message)
        : base($"{where} at offset 0x{offset:x}: {message}")
    {
        Where = where;
        Offset = offset;
    }

    /// <summary>The table or section that is wrong, such as "section header 3" or ".BTF.ext".</summary>
    public string? Where { get; }

    /// <summary>Offset in the file (or in the named section), bytes.</summary>
    public long Offset { get; } = -1;

    /// <summary>Set where the file is sound but asks for something we do not do yet.</summary>
    public string? NotImplemented { get; init; }

    /// <summary>A sound file that needs what is not there yet.</summary>
    public static ObjectFormatException Gap(string what) => new($"not implemented: {what}") { NotImplemented = what };
}
