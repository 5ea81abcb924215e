using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>Test runs of XDP programs over one frame, as bpf_prog_test_run_xdp in net/bpf/test_run.c, 6.18.</summary>
internal sealed class XdpTestRun : ITestRunnable
{
    private const int Headroom = 256;
    private const uint LiveFrames = 1u << 1;
    private const uint Loopback = 1;

    public int TestRun(BpfProgram program, TestRunCall call)
    {
        if (program.Facts.ExpectedAttachType is BpfAttachType.XdpDevmap or BpfAttachType.XdpCpumap || (call.Flags & ~LiveFrames) != 0)
            return -Errno.EINVAL;
        if ((call.Flags & LiveFrames) != 0)
            return Gap(call, "test runs with live frames");
        if (call.BatchSize != 0)
            return -Errno.EINVAL;
        int error = TestRuns.ReadContext(call, XdpBuffLayout.UapiSize, out byte[]? context);
        if (error != 0)
            return error;

        int headroom = Headroom, meta = 0;
        if (context is not null)
        {
            uint data = TestRuns.U32(context, XdpBuffLayout.Data);
            if (TestRuns.U32(context, XdpBuffLayout.DataMeta) != 0 || TestRuns.U32(context, XdpBuffLayout.DataEnd) != call.DataSizeIn
                || data > TestRuns.U32(context, XdpBuffLayout.DataEnd) || (data & 3) != 0 || data > 252)
                return -Errno.EINVAL;
            meta = (int)data;
            headroom -= meta;
        }

        int room = TestRuns.PageSize - headroom - TestRuns.SharedInfo;
        if (call.DataSizeIn < TestRuns.EthernetHeader)
            return -Errno.EINVAL;
        if (call.DataSizeIn > room)
            return Gap(call, $"XDP frames of more than {room} bytes (fragments)");
        if (context is not null && TestRuns.U32(context, XdpBuffLayout.EgressIfindex) != 0)
            return -Errno.EINVAL;
        uint ingress = context is null ? 0 : TestRuns.U32(context, XdpBuffLayout.IngressIfindex);
        uint queue = context is null ? 0 : TestRuns.U32(context, XdpBuffLayout.RxQueueIndex);
        if (ingress == 0 && queue != 0)
            return -Errno.EINVAL;
        // Only the loopback device exists, and it has one queue that takes no XDP programs of its own.
        if (ingress != 0)
            return ingress == Loopback ? -Errno.EINVAL : -Errno.ENODEV;

        RunContext run = call.Cpus.Rent(cancellation: call.Cancellation);
        try
        {
            return Run(run, program, call, context, headroom, meta);
        }
        finally
        {
            run.Subject = null;
            call.Cpus.Return(run);
        }
    }

    private static int Run(RunContext run, BpfProgram program, TestRunCall call, byte[]? context, int headroom, int meta)
    {
        PacketBuffer packet = PacketBuffer.Of(run);
        packet.IsXdp = true;
        packet.HeadLimit = packet.Block;
        packet.Meta = packet.Block + (ulong)headroom;
        packet.Start = packet.Meta;
        packet.End = packet.Start + call.DataSizeIn;
        packet.TailLimit = packet.Block + TestRuns.PageSize - TestRuns.SharedInfo;
        if (!call.Memory.TryRead(call.DataIn, packet.Bytes))
            return -Errno.EFAULT;
        packet.Start = packet.Meta + (ulong)meta;
        Span<byte> fields = packet.ContextBytes(XdpBuffLayout.Size);
        fields.Clear();
        TestRuns.SetU32(fields, XdpBuffLayout.IngressIfindex, Loopback);
        packet.UpdateContext();
        run.Subject = packet;

        int error = TestRuns.Run(run, program, call, packet.Context, out uint result);
        if (context is not null)
        {
            TestRuns.SetU32(context, XdpBuffLayout.Data, (uint)(packet.Start - packet.Meta));
            TestRuns.SetU32(context, XdpBuffLayout.DataEnd, (uint)(packet.End - packet.Meta));
        }

        if (error != 0)
            return error;
        packet.Start = packet.Meta;
        error = TestRuns.Finish(call, packet.Bytes, result);
        return error != 0 || context is null ? error : TestRuns.FinishContext(call, context);
    }

    private static int Gap(TestRunCall call, string what)
    {
        call.NotImplemented = what;
        return -Errno.EOPNOTSUPP;
    }
}
