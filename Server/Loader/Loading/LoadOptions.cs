namespace WebBpf.Loader.Loading;

/// <summary>What a caller may ask of a load.</summary>
public sealed record LoadOptions
{
    /// <summary>Names of the programs to load; null loads all that the object marks for loading.</summary>
    public IReadOnlySet<string>? Programs { get; init; }

    /// <summary>log_level of the first try; a rejected program is verified again at <see cref="RetryLogLevel"/> for its log.</summary>
    public uint LogLevel { get; init; } = 1;

    public uint RetryLogLevel { get; init; } = 2;

    /// <summary>Bytes kept of each log.</summary>
    public int LogSize { get; init; } = 16 << 20;

    /// <summary>Values of global variables, set before anything is created. Little-endian, at most as long as the variable.</summary>
    public IReadOnlyDictionary<string, byte[]> Globals { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Directory below which maps that ask for it (LIBBPF_PIN_BY_NAME) are pinned or reused.</summary>
    public string PinRoot { get; init; } = "/sys/fs/bpf";

    /// <summary>prog_flags added to those that the sections imply.</summary>
    public uint ProgramFlags { get; init; }
}

/// <summary>A map that was created (or found pinned).</summary>
public sealed record LoadedMap(string Name, uint Id, int Fd, Objects.MapSpec Spec);

/// <summary>What became of one program.</summary>
public sealed record LoadedProgram(string Name, string Section, Kernel.Uapi.BpfProgType Type)
{
    public bool Accepted => Fd >= 0;

    /// <summary>Its fd, or -1.</summary>
    public int Fd { get; init; } = -1;

    public uint Id { get; init; }

    /// <summary>0, or the negated errno of the load.</summary>
    public int Error { get; init; }

    public string Log { get; init; } = "";

    public Kernel.Verifier.Verdict? Verdict { get; init; }

    /// <summary>What is missing on our side where the program could not be judged or cannot run.</summary>
    public string? NotImplemented { get; init; }

    /// <summary>Time of the load, microseconds.</summary>
    public long LoadUs { get; init; }
}

/// <summary>Everything a load made. On failure of the load as a whole all of its fds are closed again.</summary>
public sealed record LoadResult(string Name)
{
    public int BtfFd { get; init; } = -1;
    public uint BtfId { get; init; }
    public IReadOnlyList<LoadedMap> Maps { get; init; } = [];
    public IReadOnlyList<LoadedProgram> Programs { get; init; } = [];

    public bool AllAccepted => Programs.All(p => p.Accepted);
}

/// <summary>A call of the load failed that is not the verdict on a program: which, and the kernel's errno.</summary>
public sealed class LoadException : Exception
{
    public LoadException()
    {
    }

    public LoadException(string message)
        : base(message)
    {
    }

    public LoadException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public LoadException(string what, long error, string? log = null)
        : base($"{what}: {Kernel.Uapi.Errno.Name(error)}")
    {
        Error = (int)error;
        Log = log;
    }

    /// <summary>Negated errno.</summary>
    public int Error { get; }

    public string? Log { get; }

    public string? NotImplemented { get; init; }
}
