using System.Buffers.Binary;
using System.Diagnostics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Packets;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>What the test runs of packet programs share, as bpf_ctx_init, bpf_test_run, bpf_test_finish and bpf_ctx_finish in net/bpf/test_run.c, 6.18.</summary>
internal static class TestRuns
{
    public const int EthernetHeader = 14;

    /// <summary>sizeof(struct skb_shared_info), aligned to a cache line: the kernel keeps it at the end of each packet's page.</summary>
    public const int SharedInfo = 320;

    /// <summary>The only device of a test run, the loopback.</summary>
    public const uint Loopback = 1;

    /// <summary>
    /// Copies the caller's context to <paramref name="context"/> (cleared before). <paramref name="given"/> is false where the caller wants none. Bytes beyond what the kernel
    /// knows must be zero.
    /// </summary>
    public static int ReadContext(TestRunCall call, Span<byte> context, out bool given)
    {
        context.Clear();
        given = call.CtxIn != 0 || call.CtxOut != 0;
        if (call.CtxIn == 0)
            return 0;
        if (call.CtxSizeIn > context.Length)
        {
            if (call.CtxSizeIn > PacketBuffer.PageSize)
                return -Errno.E2BIG;
            Span<byte> rest = stackalloc byte[PacketBuffer.PageSize];
            rest = rest[..((int)call.CtxSizeIn - context.Length)];
            if (!call.Memory.TryRead(call.CtxIn + (ulong)context.Length, rest))
                return -Errno.EFAULT;
            if (rest.ContainsAnyExcept((byte)0))
                return -Errno.E2BIG;
        }

        return call.Memory.TryRead(call.CtxIn, context[..(int)Math.Min(call.CtxSizeIn, (uint)context.Length)]) ? 0 : -Errno.EFAULT;
    }

    /// <summary>
    /// Runs the program as often as asked; the time is the mean of one run. Between repetitions others get the CPU: <paramref name="run"/> may be another one afterwards.
    /// </summary>
    public static int Run(ref RunContext run, BpfProgram program, TestRunCall call, PacketBuffer packet, out uint result)
    {
        const uint repetitionsPerTurn = 64;
        uint repeat = Math.Max(call.Repeat, 1);
        ulong r0 = 0;
        uint done = 0;
        long start = Stopwatch.GetTimestamp();
        run.Subject = packet;
        while (run.Abort == RunAbort.None)
        {
            r0 = run.Run(program, packet.Context);
            if (++done == repeat)
                break;
            if (done % repetitionsPerTurn == 0 && run.CheckClock())
                run = call.Cpus.Yield(run);
        }

        long elapsed = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        result = (uint)r0;
        if (call.StatsEnabled)
            program.Statistics.Add(done, (ulong)elapsed);
        if (Failure(run, call) is var error and not 0)
            return error;
        call.Duration = (uint)Math.Min(elapsed / repeat, uint.MaxValue);
        return 0;
    }

    /// <summary>What a run that was cut off ends with; 0 where it came to its end.</summary>
    public static int Failure(RunContext run, TestRunCall call)
    {
        if (run.Abort == RunAbort.None)
            return 0;
        if (run.Abort != RunAbort.NotImplemented)
            return -Errno.EINTR;
        call.NotImplemented = "a helper without a body";
        return -Errno.EOPNOTSUPP;
    }

    /// <summary>Copies the packet out, cut to the size that was offered (ENOSPC), and sets the outputs; a frame's fragments follow its linear part.</summary>
    public static int Finish(TestRunCall call, ReadOnlySpan<byte> packet, ReadOnlySpan<byte> fragments, uint result)
    {
        int error = 0;
        int size = packet.Length + fragments.Length;
        int copy = size;
        if (call.DataSizeOut != 0 && (uint)copy > call.DataSizeOut)
        {
            copy = (int)call.DataSizeOut;
            error = -Errno.ENOSPC;
        }

        if (call.DataOut != 0)
        {
            // The kernel counts the linear part from the end: a buffer that does not even hold the fragments gets nothing, not even the sizes.
            int linear = copy - fragments.Length;
            if (linear < 0)
                return -Errno.ENOSPC;
            if (!call.Memory.TryWrite(call.DataOut, packet[..linear]))
                return -Errno.EFAULT;
            if (!fragments.IsEmpty && !call.Memory.TryWrite(call.DataOut + (ulong)linear, fragments))
                return -Errno.EFAULT;
        }

        call.WrittenDataSize = (uint)size;
        call.Retval = result;
        return error;
    }

    /// <summary>Copies the context out, cut to the size that was offered (ENOSPC).</summary>
    public static int FinishContext(TestRunCall call, ReadOnlySpan<byte> context)
    {
        if (call.CtxOut == 0)
            return 0;
        int error = 0, copy = context.Length;
        if ((uint)copy > call.CtxSizeOut)
        {
            copy = (int)call.CtxSizeOut;
            error = -Errno.ENOSPC;
        }

        if (!call.Memory.TryWrite(call.CtxOut, context[..copy]))
            return -Errno.EFAULT;
        call.WrittenCtxSize = (uint)context.Length;
        return error;
    }

    public static bool IsZero(ReadOnlySpan<byte> context, int from, int to) => !context[from..to].ContainsAnyExcept((byte)0);

    public static uint U32(ReadOnlySpan<byte> context, int at) => BinaryPrimitives.ReadUInt32LittleEndian(context[at..]);

    public static void SetU32(Span<byte> context, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(context[at..], value);
}
