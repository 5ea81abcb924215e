using System.Text;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Common.Generator;
using WebBpf.Tests.Corpus;

namespace WebBpf.Tests.Parity.Generated;

/// <summary>Loads and runs generated programs on one kernel, with three maps and buffers that all programs share.</summary>
internal sealed class GeneratedHost : ILoadObserver, IDisposable
{
    private const int MostInsns = 8192;
    private const int LogSize = 1 << 24;
    private const int PacketBytes = 4096;

    private readonly IBpfBackend _kernel;
    private readonly BpfTask _task = new() { Pid = 4244, Tgid = 4244, Comm = "generated" };
    private readonly UserMemoryArena _memory = new();
    private readonly UserBuffer _insns;
    private readonly UserBuffer _log;
    private readonly UserBuffer _packet;
    private readonly UserBuffer _output;
    private readonly ulong _license;
    private readonly int[] _maps;

    public GeneratedHost(IBpfBackend kernel)
    {
        _kernel = kernel;
        _insns = _memory.Allocate(MostInsns * Insn.Size);
        _log = _memory.Allocate(LogSize);
        _packet = _memory.Allocate(PacketBytes);
        _output = _memory.Allocate(PacketBytes);
        _license = _memory.Copy("GPL");
        _maps = [Map(BpfMapType.Array, 4, Draft.ValueBytes, 4), Map(BpfMapType.Hash, 4, Draft.ValueBytes, 16), Map(BpfMapType.Ringbuf, 0, 0, 4096)];
    }

    /// <summary>A gap of ours that the last load met.</summary>
    public string? Gap { get; private set; }

    /// <summary>The fd, or a negative errno.</summary>
    public long Load(GeneratedProgram program, uint level = 0)
    {
        Gap = null;
        Insn[] insns = program.With(_maps);
        Insn.ToBytes(insns).CopyTo(_insns.Span);
        _log.Span[0] = 0;
        var attr = new CallAttr(BpfCommand.ProgLoad)
        {
            ["prog_type"] = (uint)program.Type,
            ["insns"] = _insns.Address,
            ["insn_cnt"] = (uint)insns.Length,
            ["license"] = _license,
        };
        if (level != 0)
        {
            attr["log_level"] = level;
            attr["log_size"] = LogSize;
            attr["log_buf"] = _log.Address;
        }

        return Call(attr);
    }

    /// <summary>The last load's log.</summary>
    public string Log() => Encoding.UTF8.GetString(_log.Span[.._log.Span.IndexOf((byte)0)]);

    /// <summary>Return value and packet afterwards, or the errno, in words.</summary>
    public string Run(long fd, ReadOnlySpan<byte> packet)
    {
        packet.CopyTo(_packet.Span);
        var attr = new CallAttr(BpfCommand.ProgTestRun)
        {
            ["prog_fd"] = (uint)fd,
            ["data_in"] = _packet.Address,
            ["data_size_in"] = (uint)packet.Length,
            ["data_out"] = _output.Address,
            ["data_size_out"] = PacketBytes,
        };
        long result = Call(attr);
        return result < 0 ? Errno.Name(result) : $"{attr["retval"]:x} {Convert.ToHexStringLower(_output.Span[..(int)attr["data_size_out"]])}";
    }

    public void Close(long fd) => _task.Fds.Close((int)fd);

    public void Dispose() => _task.Fds.CloseAll();

    public void OnLog(ReadOnlySpan<char> text)
    {
    }

    public void OnProgress(uint insnsProcessed, uint totalStates)
    {
    }

    public void OnNotImplemented(string what) => Gap ??= what;

    public void OnVerdict(WebBpf.Kernel.Verifier.Verdict verdict)
    {
    }

    private int Map(BpfMapType type, uint key, uint value, uint entries)
    {
        long fd = Call(new CallAttr(BpfCommand.MapCreate) { ["map_type"] = (uint)type, ["key_size"] = key, ["value_size"] = value, ["max_entries"] = entries });
        return fd >= 0 ? (int)fd : throw new InvalidOperationException($"{type}: {Errno.Name(fd)}");
    }

    private long Call(CallAttr attr) => _kernel.Bpf(attr.Command, attr.Bytes, _memory, new BpfCall(_task, default, this));
}
