using System.Buffers.Binary;
using System.Text;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Loader.Loading;

/// <summary>Makes the calls of one load, for one task, on one backend.</summary>
internal sealed class CallRunner(IBpfBackend backend, BpfCall call, int cpus)
{
    /// <summary>Offset of the id in bpf_prog_info (behind type), bpf_map_info (behind type) and bpf_btf_info (behind address and size).</summary>
    private const int InfoSize = 256;

    private readonly CallWatch _watch = new(call.Observer);

    public int Cpus => cpus;

    public AttrBuilder NewAttr(BpfCommand command) => new(command);

    public long Run(AttrBuilder attr)
    {
        _watch.Clear();
        return backend.Bpf(attr.Command, attr.Bytes, attr.Memory, call with { Observer = _watch });
    }

    public void Require(string what, AttrBuilder attr)
    {
        long result = Run(attr);
        if (result < 0)
            throw Failure(what, result);
    }

    public LoadException Failure(string what, long error, string? log = null) => new(what, error, log) { NotImplemented = _watch.NotImplemented };

    /// <summary>One PROG_LOAD with its log and verdict.</summary>
    public LoadAttempt RunLoad(AttrBuilder attr, UserBuffer? log)
    {
        long fd = Run(attr);
        return new LoadAttempt(fd, log is null ? "" : Text(log.Span), _watch.Verdict, _watch.NotImplemented);
    }

    /// <summary>The id of the map, program or BTF object behind an fd.</summary>
    public uint IdOf(int fd, bool btf = false)
    {
        AttrBuilder attr = NewAttr(BpfCommand.ObjGetInfoByFd).Set("bpf_fd", (uint)fd).Set("info_len", InfoSize).SetBuffer("info", InfoSize, out UserBuffer info);
        Require("reading the id of what was made", attr);
        return BinaryPrimitives.ReadUInt32LittleEndian(info.Span[(btf ? 12 : 4)..]);
    }

    public void Close(int fd) => call.Task.Fds.Close(fd);

    public static string Text(ReadOnlySpan<byte> buffer)
    {
        int end = buffer.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? buffer : buffer[..end]);
    }

    /// <summary>Keeps what a call says beside its return value, and passes it on.</summary>
    private sealed class CallWatch(ILoadObserver? next) : ILoadObserver
    {
        public string? NotImplemented { get; private set; }

        public Verdict? Verdict { get; private set; }

        public void Clear()
        {
            NotImplemented = null;
            Verdict = null;
        }

        public void OnLog(ReadOnlySpan<char> text) => next?.OnLog(text);

        public void OnProgress(uint insnsProcessed, uint totalStates) => next?.OnProgress(insnsProcessed, totalStates);

        public void OnNotImplemented(string what)
        {
            NotImplemented = what;
            next?.OnNotImplemented(what);
        }

        public void OnVerdict(Verdict verdict)
        {
            Verdict = verdict;
            next?.OnVerdict(verdict);
        }
    }
}
