using System.Text;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall;

/// <summary>The caller's buffer for a log: which arguments are allowed and what is written there, as bpf_verifier_log_attr_valid, bpf_verifier_vlog and bpf_vlog_finalize in kernel/bpf/log.c, 6.18.</summary>
internal readonly struct LogBuffer(uint level, ulong address, uint size)
{
    private const uint Mask = VerifierLog.Level1 | VerifierLog.Level2 | VerifierLog.LevelStats | VerifierLog.LevelFixed;
    private const uint MaxSize = uint.MaxValue >> 2;

    /// <summary>False for arguments that do not go together (EINVAL).</summary>
    public bool IsValid => (address != 0) == (size != 0) && !(address != 0 && level == 0) && (level & ~Mask) == 0 && size <= MaxSize;

    /// <summary>The log that is written to while the load is judged.</summary>
    public VerifierLog Open(ILoadObserver? observer) => new(level, observer, size);

    /// <summary>
    /// Puts the log into the buffer: its end, or with BPF_LOG_FIXED its beginning, always with a NUL. Returns 0, ENOSPC where it did not fit
    /// or EFAULT, negated; <paramref name="trueSize"/> is the room that all of it needs.
    /// </summary>
    public int Close(VerifierLog log, IUserMemory memory, out uint trueSize)
    {
        trueSize = 0;
        if (level == 0 || log.MaxLength == 0)
            return 0;
        trueSize = (uint)Math.Min((ulong)log.MaxLength + 1, uint.MaxValue);
        if (address == 0)
            return 0;
        byte[] text = Encoding.UTF8.GetBytes(log.ToString());
        int room = (int)size - 1;
        ReadOnlySpan<byte> kept = text.Length <= room ? text : (level & VerifierLog.LevelFixed) != 0 ? text.AsSpan(0, room) : text.AsSpan(text.Length - room);
        if (!memory.TryWrite(address, kept) || !memory.TryWrite(address + (ulong)kept.Length, [0]))
            return -Errno.EFAULT;
        return trueSize > size ? -Errno.ENOSPC : 0;
    }
}
