using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Programs.Packets;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// Test runs of XDP programs over one frame, as bpf_prog_test_run_xdp in net/bpf/test_run.c, 6.18: 256 bytes of headroom, of which the metadata takes its part, what does not fit
/// into a page in fragments.
/// </summary>
internal sealed class XdpTestRun : ITestRunnable
{
    // XDP_PACKET_HEADROOM
    private const int FullHeadroom = 256;

    // The headroom without a struct xdp_frame.
    private const int MaxMetadata = FullHeadroom - 40;

    // struct xdp_page_head: what live frames keep before the headroom.
    private const int LiveHead = 112;
    private const uint LiveFrames = 1u << 1;
    private const uint MaxBatch = 256;

    public int TestRun(BpfProgram program, TestRunCall call)
    {
        if (program.Facts.ExpectedAttachType is BpfAttachType.XdpDevmap or BpfAttachType.XdpCpumap || (call.Flags & ~LiveFrames) != 0)
            return -Errno.EINVAL;
        bool live = (call.Flags & LiveFrames) != 0;
        if (live && call.BatchSize > MaxBatch)
            return -Errno.E2BIG;
        if (!live && call.BatchSize != 0)
            return -Errno.EINVAL;

        Span<byte> user = stackalloc byte[XdpBuffLayout.UapiSize];
        int error = TestRuns.ReadContext(call, user, out bool given);
        if (error != 0)
            return error;
        RunContext run = call.Cpus.Rent(cancellation: call.Cancellation);
        PacketBuffer? packet = PacketBuffer.Take(run);
        try
        {
            return packet is null ? -Errno.ENOMEM : Run(ref run, packet, program, call, user, given, live);
        }
        finally
        {
            run.Subject = null;
            if (packet is not null)
                PacketBuffer.Give(run, packet);
            call.Cpus.Return(run);
        }
    }

    private static int Run(ref RunContext run, PacketBuffer packet, BpfProgram program, TestRunCall call, Span<byte> user, bool given, bool live)
    {
        uint linear = call.DataSizeIn, meta = 0;
        if (given)
        {
            meta = TestRuns.U32(user, XdpBuffLayout.Data);
            linear = TestRuns.U32(user, XdpBuffLayout.DataEnd);
            if (TestRuns.U32(user, XdpBuffLayout.DataMeta) != 0 || linear > call.DataSizeIn || meta > linear || (meta & 3) != 0 || meta > MaxMetadata)
                return -Errno.EINVAL;
            if (live && (call.DataOut != 0 || call.CtxOut != 0))
                return -Errno.EINVAL;
        }

        if (call.DataSizeIn - meta < TestRuns.EthernetHeader)
            return -Errno.EINVAL;
        int headroom = FullHeadroom - (int)meta;
        if (live && call.DataSizeIn > Room(headroom + LiveHead))
            return -Errno.EINVAL;
        int error = Load(packet, call, headroom, linear);
        if (error == 0 && given)
            error = TakeDevice(user);
        if (error != 0)
            return error;
        if (live)
        {
            call.NotImplemented = "test runs with live frames";
            return -Errno.EOPNOTSUPP;
        }

        packet.Start += meta;
        error = LoadFragments(packet, call);
        if (error != 0)
            return error;
        TestRuns.SetU32(packet.ContextBytes(XdpBuffLayout.Size), XdpBuffLayout.IngressIfindex, TestRuns.Loopback);
        packet.UpdateContext();

        error = TestRuns.Run(ref run, program, call, packet, out uint result);
        if (error != 0)
            return error;
        TestRuns.SetU32(user, XdpBuffLayout.Data, (uint)(packet.Start - packet.Meta));
        TestRuns.SetU32(user, XdpBuffLayout.DataEnd, (uint)(packet.End - packet.Meta));
        packet.Start = packet.Meta;
        error = TestRuns.Finish(call, packet.Bytes, packet.FragmentSpan, result);
        return error != 0 || !given ? error : TestRuns.FinishContext(call, user);
    }

    /// <summary>Bytes of a page behind the headroom.</summary>
    private static uint Room(int headroom) => (uint)(PacketBuffer.PageSize - headroom - TestRuns.SharedInfo);

    /// <summary>The linear part; metadata lies at its start.</summary>
    private static int Load(PacketBuffer packet, TestRunCall call, int headroom, uint linear)
    {
        packet.Reset(xdp: true, headroom, XdpBuffLayout.Size);
        packet.End = packet.Start + Math.Min(linear, Room(headroom));
        packet.TailLimit = packet.Fragments - TestRuns.SharedInfo;
        return call.Memory.TryRead(call.DataIn, packet.Bytes) ? 0 : -Errno.EFAULT;
    }

    private static int LoadFragments(PacketBuffer packet, TestRunCall call)
    {
        uint linear = (uint)(packet.End - packet.Meta);
        uint rest = call.DataSizeIn - linear;
        if (rest == 0)
            return 0;
        packet.FragmentBytes = (int)Math.Min(rest, PacketBuffer.MaxFragments * PacketBuffer.PageSize);
        if (!call.Memory.TryRead(call.DataIn + linear, packet.FragmentSpan))
            return -Errno.EFAULT;
        return rest > (uint)packet.FragmentBytes ? -Errno.ENOMEM : 0;
    }

    /// <summary>The device and queue a caller names (xdp_convert_md_to_buff).</summary>
    private static int TakeDevice(ReadOnlySpan<byte> user)
    {
        if (TestRuns.U32(user, XdpBuffLayout.EgressIfindex) != 0)
            return -Errno.EINVAL;
        uint ingress = TestRuns.U32(user, XdpBuffLayout.IngressIfindex);
        if (ingress > TestRuns.Loopback)
            return -Errno.ENODEV;
        // The loopback has one queue; without a device none may be named.
        return TestRuns.U32(user, XdpBuffLayout.RxQueueIndex) != 0 ? -Errno.EINVAL : 0;
    }
}
