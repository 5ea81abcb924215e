using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;

namespace WebBpf.Tests.Parity.Harness;

/// <summary>One kernel of a pair, and the transcript of what a sequence of calls gave on it.</summary>
internal sealed class Side(string name, IBpfBackend kernel) : ILoadObserver, IDisposable
{
    private readonly List<string> _transcript = [];

    public string Name { get; } = name;

    public IBpfBackend Kernel { get; } = kernel;

    public BpfTask Task { get; private set; } = NewTask(Capabilities.All);

    public UserMemoryArena Memory { get; private set; } = new();

    /// <summary>Steps so far, one text each; equal texts are equal behaviour.</summary>
    public IReadOnlyList<string> Transcript => _transcript;

    /// <summary>What our kernel said it cannot answer yet; null for nothing.</summary>
    public string? Gap { get; private set; }

    /// <summary>A new process: descriptors closed, memory released, transcript empty.</summary>
    public void Restart(Capabilities capabilities = Capabilities.All)
    {
        Task.Fds.CloseAll();
        Task = NewTask(capabilities);
        Memory = new UserMemoryArena();
        Gap = null;
        _transcript.Clear();
    }

    /// <summary>Makes a call and notes its result and the fields that the kernel wrote into the attr, but for ids and times.</summary>
    public long Call(CallAttr attr)
    {
        long result = Kernel.Bpf(attr.Command, attr.Bytes, Memory, new BpfCall(Task, default, this));
        IEnumerable<string> outputs = AttrTable.Find(attr.Command)!.Fields
            .Where(f => f is { Out: true, IsPointer: false } && f.Name is not "duration" && !f.Name.EndsWith("_id", StringComparison.Ordinal))
            .Select(f => $"{f.Name}={attr[f.Name]}");
        Note($"{attr.Command} -> {(result < 0 ? "-" + Errno.Name(result) : result)} {string.Join(' ', outputs)}".TrimEnd());
        return result;
    }

    /// <summary>The same with fields given by name.</summary>
    public long Call(BpfCommand command, params (string Name, ulong Value)[] fields)
    {
        var attr = new CallAttr(command);
        foreach ((string name, ulong value) in fields)
            attr[name] = value;
        return Call(attr);
    }

    /// <summary>Notes anything else that must be the same on both.</summary>
    public void Note(string text) => _transcript.Add(text);

    /// <summary>Notes bytes that a call wrote.</summary>
    public void Note(string what, ReadOnlySpan<byte> bytes) => Note($"{what} = {Convert.ToHexStringLower(bytes)}");

    public void OnLog(ReadOnlySpan<char> text)
    {
    }

    public void OnProgress(uint insnsProcessed, uint totalStates)
    {
    }

    public void OnNotImplemented(string what) => Gap ??= what;

    public void OnVerdict(Kernel.Verifier.Verdict verdict)
    {
    }

    public void Dispose()
    {
        Task.Fds.CloseAll();
        (Kernel as IDisposable)?.Dispose();
    }

    private static BpfTask NewTask(Capabilities capabilities) => new() { Pid = 4242, Tgid = 4242, Comm = "parity", Capabilities = capabilities };
}
