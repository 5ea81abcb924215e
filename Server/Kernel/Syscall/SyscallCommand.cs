using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall;

/// <summary>Marks a <see cref="SyscallCommand"/> (with a constructor without parameters) and names the commands it answers.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class BpfSyscallAttribute(params BpfCommand[] commands) : Attribute
{
    public IReadOnlyList<BpfCommand> Commands { get; } = commands;
}

/// <summary>
/// One command of bpf(2), or a few that share all but a detail. Found by <see cref="CommandRegistry"/>. Holds no state: everything
/// comes with the call. Unused bytes of the attr have been checked (CHECK_ATTR) before it is asked.
/// </summary>
internal abstract class SyscallCommand
{
    /// <summary>At least 0, or a negated errno.</summary>
    public abstract long Execute(ref SyscallContext call);
}
