using System.Buffers.Binary;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Programs.Packets;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// Test runs of programs with a socket buffer, as bpf_prog_test_run_skb in net/bpf/test_run.c, 6.18: the packet arrives at the loopback device as an Ethernet frame on a socket
/// made for it; programs of traffic control see it from its link header on, others from the network header.
/// </summary>
/// <param name="onLink">The program sees the link header.</param>
internal sealed class SkbTestRun(bool onLink) : ITestRunnable
{
    // NET_SKB_PAD
    private const int Headroom = 64;
    private const uint ChecksumComplete = 1 << 2;
    private const uint MaxGsoSegs = 65535;
    private const uint MaxWireLen = 65536;

    public int TestRun(BpfProgram program, TestRunCall call)
    {
        if ((call.Flags & ~ChecksumComplete) != 0 || call.Cpu != 0 || call.BatchSize != 0)
            return -Errno.EINVAL;
        if (call.DataSizeIn < TestRuns.EthernetHeader || call.DataSizeIn > PacketBuffer.PageSize - Headroom - TestRuns.SharedInfo)
            return -Errno.EINVAL;

        RunContext run = call.Cpus.Rent(cancellation: call.Cancellation);
        PacketBuffer? packet = PacketBuffer.Take(run);
        try
        {
            return packet is null ? -Errno.ENOMEM : Run(ref run, packet, program, call);
        }
        finally
        {
            run.Subject = null;
            if (packet is not null)
                PacketBuffer.Give(run, packet);
            call.Cpus.Return(run);
        }
    }

    private int Run(ref RunContext run, PacketBuffer packet, BpfProgram program, TestRunCall call)
    {
        packet.Reset(xdp: false, Headroom, SkBuffLayout.Size);
        packet.MacHeader = packet.Start;
        packet.NetworkHeader = packet.Start + TestRuns.EthernetHeader;
        packet.End = packet.Start + call.DataSizeIn;
        if (!call.Memory.TryRead(call.DataIn, packet.Bytes))
            return -Errno.EFAULT;
        if (packet.Length < TestRuns.EthernetHeader + NetworkHeaderSize(packet.Bytes))
            return -Errno.EINVAL;
        Span<byte> user = stackalloc byte[SkBuffLayout.UapiSize];
        int error = TestRuns.ReadContext(call, user, out bool given);
        if (error != 0)
            return error;
        if (TestRuns.U32(user, SkBuffLayout.Ifindex) > TestRuns.Loopback)
            return -Errno.ENODEV;
        if ((call.Flags & ChecksumComplete) != 0)
        {
            call.NotImplemented = "test runs with BPF_F_TEST_SKB_CHECKSUM_COMPLETE";
            return -Errno.EOPNOTSUPP;
        }

        Span<byte> fields = packet.ContextBytes(SkBuffLayout.Size);
        ushort protocol = EthernetType.Of(packet.Bytes);
        TestRuns.SetU32(fields, SkBuffLayout.PktType, EthernetType.PacketType(packet.Bytes));
        TestRuns.SetU32(fields, SkBuffLayout.Protocol, BinaryPrimitives.ReverseEndianness(protocol));
        TestRuns.SetU32(fields, SkBuffLayout.Ifindex, TestRuns.Loopback);
        SkbSocket.Fill(packet, fields, protocol);
        if (!onLink)
            packet.Start = packet.NetworkHeader;
        packet.UpdateContext();
        error = given ? Take(user, fields, packet.Length) : 0;
        if (error != 0)
            return error;

        error = TestRuns.Run(ref run, program, call, packet, out uint result);
        if (error != 0)
            return error;
        if (!onLink)
        {
            // The link header is pushed again, empty.
            packet.Start -= TestRuns.EthernetHeader;
            packet.Bytes[..TestRuns.EthernetHeader].Clear();
        }

        Give(fields, user);
        error = TestRuns.Finish(call, packet.Bytes, default, result);
        return error != 0 || !given ? error : TestRuns.FinishContext(call, user);
    }

    /// <summary>The fields that a caller may set (convert___skb_to_skb); all others must be zero.</summary>
    private static int Take(ReadOnlySpan<byte> user, Span<byte> fields, int length)
    {
        if (!TestRuns.IsZero(user, 0, SkBuffLayout.Mark)
            || !TestRuns.IsZero(user, SkBuffLayout.Mark + 4, SkBuffLayout.Priority)
            || !TestRuns.IsZero(user, SkBuffLayout.Ifindex + 4, SkBuffLayout.Cb)
            || !TestRuns.IsZero(user, SkBuffLayout.Cb + SkBuffLayout.CbBytes, SkBuffLayout.Tstamp)
            || !TestRuns.IsZero(user, SkBuffLayout.GsoSegs + 4, SkBuffLayout.GsoSize)
            || !TestRuns.IsZero(user, SkBuffLayout.GsoSize + 4, SkBuffLayout.Hwtstamp))
            return -Errno.EINVAL;
        uint wire = TestRuns.U32(user, SkBuffLayout.WireLen);
        if ((wire != 0 && (wire < (uint)length || wire > MaxWireLen)) || TestRuns.U32(user, SkBuffLayout.GsoSegs) > MaxGsoSegs)
            return -Errno.EINVAL;
        Copy(user, fields, SkBuffLayout.Mark, 4);
        Copy(user, fields, SkBuffLayout.Priority, 4);
        Copy(user, fields, SkBuffLayout.IngressIfindex, 4);
        Copy(user, fields, SkBuffLayout.Cb, SkBuffLayout.CbBytes);
        Copy(user, fields, SkBuffLayout.Tstamp, 8);
        TestRuns.SetU32(fields, SkBuffLayout.WireLen, wire == 0 ? (uint)length : wire);
        // 16 bits wide in the shared info of the buffer.
        Copy(user, fields, SkBuffLayout.GsoSegs, 2);
        Copy(user, fields, SkBuffLayout.GsoSize, 2);
        Copy(user, fields, SkBuffLayout.Hwtstamp, 8);
        return 0;
    }

    /// <summary>The fields that a caller gets back (convert_skb_to___skb).</summary>
    private static void Give(ReadOnlySpan<byte> fields, Span<byte> user)
    {
        Copy(fields, user, SkBuffLayout.Mark, 4);
        Copy(fields, user, SkBuffLayout.Priority, 4);
        Copy(fields, user, SkBuffLayout.IngressIfindex, 4);
        Copy(fields, user, SkBuffLayout.Ifindex, 4);
        Copy(fields, user, SkBuffLayout.Cb, SkBuffLayout.CbBytes);
        Copy(fields, user, SkBuffLayout.Tstamp, 8);
        Copy(fields, user, SkBuffLayout.WireLen, 4);
        Copy(fields, user, SkBuffLayout.GsoSegs, 4);
        Copy(fields, user, SkBuffLayout.Hwtstamp, 8);
    }

    private static void Copy(ReadOnlySpan<byte> from, Span<byte> to, int at, int size) => from.Slice(at, size).CopyTo(to[at..]);

    /// <summary>IP frames must have their whole network header.</summary>
    private static int NetworkHeaderSize(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
    {
        0x0800 => 20,
        0x86dd => 40,
        _ => 0,
    };
}
