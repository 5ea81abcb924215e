namespace WebBpf.Kernel.Execution;

/// <summary>
/// What stands behind a call to a helper that has a prototype and no body. Runs of such programs are refused beforehand; one that slips
/// through says so and sees 0.
/// </summary>
public static class MissingBody
{
    public static ulong Call(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        run.Abort = RunAbort.NotImplemented;
        return 0;
    }
}
