using System.Text;
using WebBpf.Kernel.Syscall;

namespace WebBpf.Kernel.Verifier;

/// <summary>
/// The text log of one load, as struct bpf_verifier_log: what is written goes to the caller's buffer by the rules of
/// bpf_verifier_vlog (6.18): rolling (keeps the end) unless <see cref="LevelFixed"/> is set, always NUL-terminated.
/// </summary>
public sealed class VerifierLog
{
    public const uint Level1 = 1;
    public const uint Level2 = 2;
    public const uint LevelStats = 4;
    public const uint LevelFixed = 8;

    private readonly StringBuilder _text = new();
    private readonly ILoadObserver? _observer;

    public VerifierLog(uint level, ILoadObserver? observer = null)
    {
        Level = level;
        _observer = observer;
    }

    /// <summary>Bits of log_level; 0 writes nothing.</summary>
    public uint Level { get; }

    /// <summary>True where anything is to be written at all.</summary>
    public bool Enabled => Level != 0;

    /// <summary>True where each instruction's state is to be written (level 2 or 1 on failure, see the walk).</summary>
    public bool Has(uint bits) => (Level & bits) != 0;

    /// <summary>Length of everything written so far; the walk truncates back to a mark when level 1 drops an accepted path.</summary>
    public int Length => _text.Length;

    public void Write(string text)
    {
        if (!Enabled)
            return;
        _text.Append(text);
        _observer?.OnLog(text);
    }

    /// <summary>Forgets what was written after a mark (bpf_vlog_reset).</summary>
    public void Reset(int mark) => _text.Length = mark;

    public override string ToString() => _text.ToString();
}
