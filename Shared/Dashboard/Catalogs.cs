using WebBpf.Shared.Wire;

namespace WebBpf.Shared.Dashboard;

/// <summary>Which part of a list is asked for; as the query of the REST lists.</summary>
public sealed record ListQuery(string? Cursor = null, int? Limit = null, string? Filter = null, string? Sort = null);

/// <summary>What runs here and how much of it there is.</summary>
public interface IKernelOverview
{
    Task<KernelInfo> Get(CancellationToken cancellation = default);
}

/// <summary>Programs. Every method throws <see cref="ServiceException"/> where the REST call would answer with a problem.</summary>
public interface IProgramCatalog
{
    Task<Page<ProgramInfo>> List(ListQuery query, CancellationToken cancellation = default);

    Task<ProgramInfo> Get(uint id, CancellationToken cancellation = default);

    /// <summary>The instructions as they run, each with the C line that begins there.</summary>
    Task<XlatedInfo> Xlated(uint id, CancellationToken cancellation = default);

    /// <summary>The verifier's log; null where it is not remembered.</summary>
    Task<string?> Log(uint id, CancellationToken cancellation = default);

    Task<ProgramStats> Stats(uint id, CancellationToken cancellation = default);

    /// <summary>One test run.</summary>
    Task<ProgramRunResult> Run(uint id, ProgramRunRequest request, CancellationToken cancellation = default);

    /// <summary>A run over a capture (pcap or pcapng), packet by packet.</summary>
    Task<CaptureRunInfo> RunCapture(uint id, byte[] capture, CancellationToken cancellation = default);
}

/// <summary>Maps and their elements. Throws as <see cref="IProgramCatalog"/>.</summary>
public interface IMapCatalog
{
    Task<Page<MapInfo>> List(ListQuery query, CancellationToken cancellation = default);

    Task<MapInfo> Get(uint id, CancellationToken cancellation = default);

    /// <summary>Elements after the key <see cref="ListQuery.Cursor"/>.</summary>
    Task<Page<MapEntry>> Entries(uint id, ListQuery query, CancellationToken cancellation = default);

    Task Put(uint id, string key, MapEntryWrite write, CancellationToken cancellation = default);

    Task Delete(uint id, string key, CancellationToken cancellation = default);
}

/// <summary>Loads compiled objects. Throws as <see cref="IProgramCatalog"/>.</summary>
public interface ILoader
{
    /// <summary>Largest object that is taken, bytes.</summary>
    long MaxBytes { get; }

    Task<ObjectInfo> Load(byte[] file, string name, CancellationToken cancellation = default);

    /// <summary>Loads the sample that comes with the server and runs its capture once.</summary>
    Task<SampleResult> LoadSample(CancellationToken cancellation = default);
}

/// <summary>What a test run is given; hex, spaces allowed.</summary>
public sealed record ProgramRunRequest(string? DataIn, string? CtxIn, uint Repeat = 1);

/// <summary>What a test run gave; <paramref name="Duration"/> in ns per run.</summary>
public sealed record ProgramRunResult(uint Retval, string? Verdict, uint Duration, string? DataOut, string? CtxOut);

/// <summary>What the sample became.</summary>
public sealed record SampleResult(ObjectInfo Object, CaptureRunInfo? Run);

/// <summary>A call that was refused, as the REST interface would say it.</summary>
public sealed class ServiceException : Exception
{
    public ServiceException()
        : this("The call was refused.")
    {
    }

    public ServiceException(string message)
        : base(message)
    {
    }

    public ServiceException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The HTTP status that says the same.</summary>
    public int Status { get; init; } = 400;

    /// <summary>"EACCES"; null where no kernel was asked.</summary>
    public string? Errno { get; init; }

    /// <summary>What is missing on our side, where that is the reason.</summary>
    public string? NotImplemented { get; init; }
}
