namespace WebBpf.Kernel.Execution;

/// <summary>A run's <see cref="RunContext.Subject"/> that has a packet: lets bpf_perf_event_output append its first bytes to a sample.</summary>
public interface IPacketBytes
{
    /// <summary>The packet as it is now. Valid until the program changes it.</summary>
    ReadOnlySpan<byte> Packet { get; }
}
