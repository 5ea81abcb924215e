namespace WebBpf.Kernel.Execution;

/// <summary>
/// A run's <see cref="RunContext.Subject"/> where LD_ABS and LD_IND are allowed: what these instructions read from. As
/// bpf_skb_load_helper_{8,16,32} in net/core/filter.c, 6.18.
/// </summary>
public interface ILegacyPacket
{
    /// <summary>
    /// Reads <paramref name="size"/> (1, 2 or 4) bytes at <paramref name="offset"/> in network byte order. Negative offsets count from
    /// SKF_NET_OFF (network header) or SKF_LL_OFF (link header). False where any byte lies outside: the function then ends with R0 = 0.
    /// </summary>
    bool TryLoad(int offset, int size, out uint value);
}
