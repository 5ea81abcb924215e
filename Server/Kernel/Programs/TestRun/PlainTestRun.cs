using System.Diagnostics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>What test runs share whose context is bytes of the caller: they know no packet, no output context and no repetitions.</summary>
internal static class PlainTestRun
{
    /// <summary>True where a field is used that such runs do not know.</summary>
    public static bool UsesPacketFields(TestRunCall call) =>
        call.DataIn != 0 || call.DataOut != 0 || call.CtxOut != 0 || call.DurationIn != 0 || call.Repeat != 0 || call.BatchSize != 0;

    /// <summary>
    /// Runs the program once over the caller's context and sets the return value; with <paramref name="writeBack"/> the context goes back to where it came from. A run
    /// without a context sees a null pointer.
    /// </summary>
    /// <param name="cpu">The CPU to run on, or -1 for any.</param>
    public static int Run(BpfProgram program, TestRunCall call, int cpu, bool writeBack)
    {
        byte[] bytes = new byte[call.CtxSizeIn];
        if (!call.Memory.TryRead(call.CtxIn, bytes))
            return -Errno.EFAULT;
        if (cpu >= call.Cpus.Count)
            return -Errno.ENXIO;
        RunContext run = cpu < 0 ? call.Cpus.Rent(cancellation: call.Cancellation) : call.Cpus.RentCpu(cpu, call.Cancellation);
        ulong context = 0;
        int error;
        try
        {
            context = bytes.Length == 0 ? 0 : run.Memory.Allocate((ulong)bytes.Length, sizeof(ulong));
            error = bytes.Length != 0 && context == 0 ? -Errno.ENOMEM : Run(run, program, call, context, bytes);
        }
        finally
        {
            if (context != 0)
                run.Memory.Free(context, (ulong)bytes.Length);
            call.Cpus.Return(run);
        }

        if (error != 0)
            return error;
        return writeBack && !call.Memory.TryWrite(call.CtxIn, bytes) ? -Errno.EFAULT : 0;
    }

    private static unsafe int Run(RunContext run, BpfProgram program, TestRunCall call, ulong context, Span<byte> bytes)
    {
        var area = new Span<byte>(run.Memory.Resolve(context), bytes.Length);
        bytes.CopyTo(area);
        long start = Stopwatch.GetTimestamp();
        uint result = (uint)run.Run(program, context);
        if (call.StatsEnabled)
            program.Statistics.Add(1, (ulong)Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        area.CopyTo(bytes);
        if (TestRuns.Failure(run, call) is var error and not 0)
            return error;
        call.Retval = result;
        return 0;
    }
}
