using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// Test runs of programs with a socket buffer, as bpf_prog_test_run_skb in net/bpf/test_run.c, 6.18: the packet arrives at the loopback device as an Ethernet
/// frame; programs of traffic control see it from its link header on, others from the network header.
/// </summary>
/// <param name="onLink">The program sees the link header.</param>
internal sealed class SkbTestRun(bool onLink) : ITestRunnable
{
    private const int Headroom = 64;
    private const uint ChecksumComplete = 1;
    private const uint Loopback = 1;
    private const uint MaxGsoSegs = 65535;
    private const uint MaxWireLen = 65536;

    public int TestRun(BpfProgram program, TestRunCall call)
    {
        if ((call.Flags & ~ChecksumComplete) != 0 || call.Cpu != 0 || call.BatchSize != 0)
            return -Errno.EINVAL;
        if ((call.Flags & ChecksumComplete) != 0)
        {
            call.NotImplemented = "test runs with BPF_F_TEST_SKB_CHECKSUM_COMPLETE";
            return -Errno.EOPNOTSUPP;
        }

        if (call.DataSizeIn < TestRuns.EthernetHeader || call.DataSizeIn > TestRuns.PageSize - Headroom - TestRuns.SharedInfo)
            return -Errno.EINVAL;
        byte[] data = new byte[call.DataSizeIn];
        if (!call.Memory.TryRead(call.DataIn, data))
            return -Errno.EFAULT;
        if (data.Length < TestRuns.EthernetHeader + NetworkHeaderSize(data))
            return -Errno.EINVAL;
        int error = TestRuns.ReadContext(call, SkBuffLayout.UapiSize, out byte[]? context);
        if (error != 0)
            return error;
        if (context is not null && TestRuns.U32(context, SkBuffLayout.Ifindex) > Loopback)
            return -Errno.ENODEV;

        RunContext run = call.Cpus.Rent(cancellation: call.Cancellation);
        try
        {
            return Run(run, program, call, data, context);
        }
        finally
        {
            run.Subject = null;
            call.Cpus.Return(run);
        }
    }

    private int Run(RunContext run, BpfProgram program, TestRunCall call, byte[] data, byte[]? context)
    {
        PacketBuffer packet = PacketBuffer.Of(run);
        packet.IsXdp = false;
        packet.HeadLimit = packet.Block;
        packet.MacHeader = packet.Block + Headroom;
        packet.Start = packet.MacHeader;
        packet.End = packet.Start + (ulong)data.Length;
        packet.TailLimit = packet.Block + PacketBuffer.Capacity;
        data.CopyTo(packet.Bytes);
        packet.NetworkHeader = packet.MacHeader + TestRuns.EthernetHeader;
        if (!onLink)
            packet.Start = packet.NetworkHeader;

        Span<byte> fields = packet.ContextBytes(SkBuffLayout.Size);
        fields.Clear();
        TestRuns.SetU32(fields, SkBuffLayout.PktType, PacketType(data));
        TestRuns.SetU32(fields, SkBuffLayout.Protocol, Protocol(data));
        TestRuns.SetU32(fields, SkBuffLayout.Ifindex, Loopback);
        packet.UpdateContext();
        int error = context is null ? 0 : Take(context, fields, packet.Length);
        if (error != 0)
            return error;
        if (context is null || TestRuns.U32(context, SkBuffLayout.WireLen) == 0)
            TestRuns.SetU32(fields, SkBuffLayout.WireLen, (uint)packet.Length);
        run.Subject = packet;

        error = TestRuns.Run(run, program, call, packet.Context, out uint result);
        if (error != 0)
            return error;
        if (!onLink)
        {
            // The link header is pushed again, empty.
            packet.Start -= TestRuns.EthernetHeader;
            packet.Bytes[..TestRuns.EthernetHeader].Clear();
        }

        error = TestRuns.Finish(call, packet.Bytes, result);
        if (error != 0 || context is null)
            return error;
        Give(fields, context);
        return TestRuns.FinishContext(call, context);
    }

    /// <summary>The fields that a caller may set (convert___skb_to_skb); all others must be zero.</summary>
    private static int Take(byte[] context, Span<byte> fields, int length)
    {
        if (!TestRuns.IsZero(context, 0, SkBuffLayout.Mark)
            || !TestRuns.IsZero(context, SkBuffLayout.Mark + 4, SkBuffLayout.Priority)
            || !TestRuns.IsZero(context, SkBuffLayout.Ifindex + 4, SkBuffLayout.Cb)
            || !TestRuns.IsZero(context, SkBuffLayout.Cb + 20, SkBuffLayout.Tstamp)
            || !TestRuns.IsZero(context, SkBuffLayout.GsoSegs + 4, SkBuffLayout.GsoSize)
            || !TestRuns.IsZero(context, SkBuffLayout.GsoSize + 4, SkBuffLayout.Hwtstamp))
            return -Errno.EINVAL;
        uint wire = TestRuns.U32(context, SkBuffLayout.WireLen);
        if ((wire != 0 && (wire < (uint)length || wire > MaxWireLen)) || TestRuns.U32(context, SkBuffLayout.GsoSegs) > MaxGsoSegs)
            return -Errno.EINVAL;
        Copy(context, fields, SkBuffLayout.Mark, 4);
        Copy(context, fields, SkBuffLayout.Priority, 4);
        Copy(context, fields, SkBuffLayout.IngressIfindex, 4);
        Copy(context, fields, SkBuffLayout.Cb, 20);
        Copy(context, fields, SkBuffLayout.Tstamp, 8);
        Copy(context, fields, SkBuffLayout.WireLen, 4);
        Copy(context, fields, SkBuffLayout.GsoSegs, 4);
        Copy(context, fields, SkBuffLayout.GsoSize, 4);
        Copy(context, fields, SkBuffLayout.Hwtstamp, 8);
        return 0;
    }

    private static void Give(Span<byte> fields, byte[] context)
    {
        Copy(fields, context, SkBuffLayout.Mark, 4);
        Copy(fields, context, SkBuffLayout.Priority, 4);
        Copy(fields, context, SkBuffLayout.IngressIfindex, 4);
        Copy(fields, context, SkBuffLayout.Ifindex, 4);
        Copy(fields, context, SkBuffLayout.Cb, 20);
        Copy(fields, context, SkBuffLayout.Tstamp, 8);
        Copy(fields, context, SkBuffLayout.WireLen, 4);
        Copy(fields, context, SkBuffLayout.GsoSegs, 4);
        Copy(fields, context, SkBuffLayout.Hwtstamp, 8);
    }

    private static void Copy(ReadOnlySpan<byte> from, Span<byte> to, int at, int size) => from.Slice(at, size).CopyTo(to[at..]);

    /// <summary>As eth_type_trans at a device with the address 0.</summary>
    private static uint PacketType(byte[] frame)
    {
        if (!frame.AsSpan(0, 6).ContainsAnyExcept((byte)0xff))
            return 1;
        if ((frame[0] & 1) != 0)
            return 2;
        return frame.AsSpan(0, 6).ContainsAnyExcept((byte)0) ? 3u : 0u;
    }

    /// <summary>The Ethernet type in network byte order; lengths stand for 802.2 and 802.3 frames.</summary>
    private static uint Protocol(byte[] frame)
    {
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12));
        if (type < 0x600)
            type = (ushort)(frame.Length >= 16 && frame[14] == 0xff && frame[15] == 0xff ? 1 : 4);
        return BinaryPrimitives.ReverseEndianness(type);
    }

    /// <summary>IP frames must have their whole network header.</summary>
    private static int NetworkHeaderSize(byte[] frame) => BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) switch
    {
        0x0800 => 20,
        0x86dd => 40,
        _ => 0,
    };
}
