namespace WebBpf.Kernel.Execution;

/// <summary>LD_ABS and LD_IND as compiled code and the interpreter call them.</summary>
public static class LegacyLoads
{
    /// <summary>Reads from the packet of the run; false where it has none or a byte lies outside.</summary>
    public static bool TryLoad(RunContext run, int offset, int size, out ulong value)
    {
        value = 0;
        if (run.Subject is not ILegacyPacket packet || !packet.TryLoad(offset, size, out uint loaded))
            return false;
        value = loaded;
        return true;
    }
}
