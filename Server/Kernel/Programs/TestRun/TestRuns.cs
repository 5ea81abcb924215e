using System.Buffers.Binary;
using System.Diagnostics;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>What the test runs of packet programs share, as bpf_test_init, bpf_ctx_init, bpf_test_run, bpf_test_finish and bpf_ctx_finish in net/bpf/test_run.c, 6.18.</summary>
internal static class TestRuns
{
    public const int EthernetHeader = 14;
    public const int PageSize = 4096;

    /// <summary>sizeof(struct skb_shared_info), aligned to a cache line.</summary>
    public const int SharedInfo = 320;

    /// <summary>The caller's context as the kernel takes it: null where none is given. Bytes beyond what is known must be zero.</summary>
    public static int ReadContext(TestRunCall call, int size, out byte[]? context)
    {
        context = null;
        if (call.CtxIn == 0 && call.CtxOut == 0)
            return 0;
        context = new byte[size];
        if (call.CtxIn == 0)
            return 0;
        if (call.CtxSizeIn > size)
        {
            if (call.CtxSizeIn > PageSize)
                return -Errno.E2BIG;
            byte[] rest = new byte[call.CtxSizeIn - size];
            if (!call.Memory.TryRead(call.CtxIn + (ulong)size, rest))
                return -Errno.EFAULT;
            if (rest.AsSpan().ContainsAnyExcept((byte)0))
                return -Errno.E2BIG;
        }

        return call.Memory.TryRead(call.CtxIn, context.AsSpan(0, (int)Math.Min(call.CtxSizeIn, size))) ? 0 : -Errno.EFAULT;
    }

    /// <summary>Runs the program as often as asked on one CPU; the time is the mean of one run.</summary>
    public static int Run(RunContext run, BpfProgram program, TestRunCall call, ulong context, out uint result)
    {
        uint repeat = Math.Max(call.Repeat, 1);
        ulong r0 = 0;
        uint done = 0;
        long start = Stopwatch.GetTimestamp();
        for (; done < repeat; done++)
        {
            r0 = run.Run(program, context);
            if (run.Abort != RunAbort.None || ((done & 63) == 63 && call.Cancellation.IsCancellationRequested))
                break;
        }

        long elapsed = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        result = (uint)r0;
        if (call.StatsEnabled)
            program.Statistics.Add(Math.Max(done, 1), (ulong)elapsed);
        if (run.Abort == RunAbort.NotImplemented)
        {
            call.NotImplemented = "a helper or kernel function without a body";
            return -Errno.EOPNOTSUPP;
        }

        if (run.Abort != RunAbort.None || done < repeat)
            return -Errno.EINTR;
        call.Duration = (uint)Math.Min((ulong)(elapsed / repeat), uint.MaxValue);
        return 0;
    }

    /// <summary>Copies the packet out, cut to the size that was offered (ENOSPC), and sets the outputs.</summary>
    public static int Finish(TestRunCall call, ReadOnlySpan<byte> packet, uint result)
    {
        int error = 0;
        int copy = packet.Length;
        if (call.DataSizeOut != 0 && (uint)copy > call.DataSizeOut)
        {
            copy = (int)call.DataSizeOut;
            error = -Errno.ENOSPC;
        }

        if (call.DataOut != 0 && !call.Memory.TryWrite(call.DataOut, packet[..copy]))
            return -Errno.EFAULT;
        call.WrittenDataSize = (uint)packet.Length;
        call.Retval = result;
        return error;
    }

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
