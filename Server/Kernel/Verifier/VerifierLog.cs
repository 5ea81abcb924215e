using System.Text;
using WebBpf.Kernel.Syscall;

namespace WebBpf.Kernel.Verifier;

/// <summary>
/// The text log of one load, as struct bpf_verifier_log: what is written goes to the caller's buffer by the rules of
/// bpf_verifier_vlog (6.18): rolling (keeps the end) unless <see cref="LevelFixed"/> is set, always NUL-terminated.
/// No more text is kept than the buffer has room for, twice.
/// </summary>
public sealed class VerifierLog
{
    public const uint Level1 = 1;
    public const uint Level2 = 2;
    public const uint LevelStats = 4;
    public const uint LevelFixed = 8;

    // Without a buffer the text is kept for whoever asks for it, within reason.
    private const long DefaultRoom = 64 << 20;

    private readonly StringBuilder _text = new();
    private readonly ILoadObserver? _observer;
    private readonly long _room;

    // Positions in everything written: where _text begins, where the kept text begins, and the end.
    private long _base;
    private long _start;
    private long _end;

    /// <param name="level">Bits of log_level.</param>
    /// <param name="observer">Hears everything as it is written.</param>
    /// <param name="room">Bytes of the caller's buffer with the NUL; 0 where there is none.</param>
    public VerifierLog(uint level, ILoadObserver? observer = null, uint room = 0)
    {
        Level = level;
        _observer = observer;
        _room = (room == 0 ? DefaultRoom : room) - 1;
    }

    /// <summary>Bits of log_level; 0 writes nothing.</summary>
    public uint Level { get; }

    /// <summary>True where anything is to be written at all.</summary>
    public bool Enabled => Level != 0;

    /// <summary>True where each instruction's state is to be written (level 2 or 1 on failure, see the walk).</summary>
    public bool Has(uint bits) => (Level & bits) != 0;

    /// <summary>Length of everything written so far; the walk truncates back to a mark when level 1 drops an accepted path.</summary>
    public int Length => (int)_end;

    /// <summary>The greatest length there ever was, what was reset since included (len_max, which counts a NUL more).</summary>
    public long MaxLength { get; private set; }

    /// <summary>What was written last, also where nothing is kept: the reason of a rejection.</summary>
    public string? LastMessage { get; private set; }

    public void Write(string text)
    {
        LastMessage = text;
        if (!Enabled || text.Length == 0)
            return;
        _observer?.OnLog(text);
        bool isFixed = Has(LevelFixed);
        if (!isFixed || _end < _room)
            _text.Append(text);
        _end += text.Length;
        MaxLength = Math.Max(MaxLength, _end);
        if (isFixed)
            return;
        _start = Math.Max(_start, _end - _room);
        if (_start - _base > Math.Max(_room, 1 << 16))
            Trim();
    }

    /// <summary>Forgets what was written after a mark (bpf_vlog_reset).</summary>
    public void Reset(int mark)
    {
        _end = mark;
        _start = Math.Min(_start, _end);
        if (_start < _base)
        {
            // The rolling buffer has lost what came before the mark.
            _text.Clear();
            _base = _start;
        }
        else if (_end - _base < _text.Length)
        {
            _text.Length = (int)(_end - _base);
        }
    }

    /// <summary>What the buffer holds at the end, without the NUL.</summary>
    public override string ToString()
    {
        int skip = (int)(_start - _base);
        return _text.ToString(skip, (int)Math.Min(_text.Length - skip, _room));
    }

    private void Trim()
    {
        _text.Remove(0, (int)(_start - _base));
        _base = _start;
    }
}
