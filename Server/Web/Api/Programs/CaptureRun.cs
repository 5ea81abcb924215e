using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader;
using WebBpf.Loader.Captures;
using WebBpf.Server.Api.Codec;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Programs;

/// <summary>
/// Runs a program over a capture, one BPF_PROG_TEST_RUN per packet, and writes what came through: the bytes as the program left them, without
/// packets it dropped; of a socket filter's packets as much as it kept.
/// </summary>
public static class CaptureRun
{
    private const int MaxPackets = 100_000;
    private const int Ethernet = 1;

    /// <summary>How much longer a packet may become.</summary>
    private const int Room = 65536 + 512;

    public static async Task Run(HttpContext context, int id, BodyReader bodies, bool capture = true)
    {
        Desk desk = Desk.Of(context);
        byte[] file = await bodies.ReadBytesAsync(context);
        bool raw = context.Request.Headers.Accept.ToString().Contains("application/vnd.tcpdump.pcap", StringComparison.OrdinalIgnoreCase);
        using var output = new MemoryStream();
        CaptureRunInfo result = await RunOn(desk, (uint)id, file, output);
        if (raw)
        {
            context.Response.ContentType = "application/vnd.tcpdump.pcap";
            await context.Response.Body.WriteAsync(output.ToArray(), context.RequestAborted);
            return;
        }

        await context.Response.WriteAsJsonAsync(capture ? result with { Capture = Hex.Of(output.ToArray()) } : result, WireJson.Options, context.RequestAborted);
    }

    internal static async Task<CaptureRunInfo> RunOn(Desk desk, uint id, byte[] file, MemoryStream output)
    {
        int fd = desk.Open(ObjectKind.Prog, id);
        BpfProgType type = TypeOf(desk, fd);
        IReadOnlyList<PacketRecord> packets = Read(file);
        PcapWriter.WriteHeader(output, Ethernet);
        return await Task.Factory.StartNew(
            () => RunAll(desk, fd, type, packets, output), desk.Caller.Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static CaptureRunInfo RunAll(Desk desk, int fd, BpfProgType type, IReadOnlyList<PacketRecord> packets, MemoryStream output)
    {
        UserBuffer input = desk.Memory.Arena.Allocate(CaptureReader.MaxPacket);
        UserBuffer changed = desk.Memory.Arena.Allocate(CaptureReader.MaxPacket + Room);
        var runs = new List<PacketRunInfo>(packets.Count);
        var verdicts = new Dictionary<string, int>();
        int errors = 0;
        for (int i = 0; i < packets.Count; i++)
        {
            desk.Caller.Cancellation.ThrowIfCancellationRequested();
            PacketRecord packet = packets[i];
            packet.Data.Span.CopyTo(input.Span);
            var run = new TestRun { DataIn = input, DataInSize = (uint)packet.Data.Length, DataOut = changed };
            long ret = desk.Port.TestRun(fd, ref run);
            if (ret < 0)
            {
                RefuseForGap(ret);
                errors++;
                runs.Add(new PacketRunInfo(i, null, null, packet.Data.Length, null, null, null, Errno.Name(ret)));
                continue;
            }

            (string name, bool passes) = PacketVerdicts.Of(type, run.ReturnValue);
            verdicts[name] = verdicts.GetValueOrDefault(name) + 1;
            ReadOnlySpan<byte> bytes = changed.Span[..(int)Math.Min(run.DataSizeOut, (uint)changed.Length)];
            runs.Add(new PacketRunInfo(i, run.ReturnValue, name, packet.Data.Length, bytes.Length, !bytes.SequenceEqual(packet.Data.Span), run.DurationNs, null));
            if (!passes)
                continue;
            if (type == BpfProgType.SocketFilter && run.ReturnValue < bytes.Length)
                bytes = bytes[..(int)run.ReturnValue];
            PcapWriter.WritePacket(output, packet with { Data = bytes.ToArray() });
        }

        return new CaptureRunInfo(runs, verdicts, errors, null);
    }

    /// <summary>A program that cannot run at all is a failure of the call, not of each packet.</summary>
    private static void RefuseForGap(long ret)
    {
        if (ret is -Errno.EOPNOTSUPP or -Errno.ENOTSUPP or -Errno.EPERM or -Errno.EBADF)
            CallStatus.Check(ret, "run");
        if (ret == -Errno.EINTR)
            throw new OperationCanceledException();
    }

    private static IReadOnlyList<PacketRecord> Read(byte[] file)
    {
        IReadOnlyList<PacketRecord> packets;
        try
        {
            packets = CaptureReader.Read(file);
        }
        catch (ObjectFormatException e)
        {
            throw ApiException.Bad("body", e.Message);
        }

        if (packets.Count > MaxPackets)
            throw new ApiException(413, $"body: at most {MaxPackets} packets are run by one request.") { Field = "body" };
        int other = packets.Select(p => p.LinkType).FirstOrDefault(t => t != Ethernet, Ethernet);
        return other == Ethernet ? packets : throw ApiException.Bad("body", $"packets of link type {other} cannot be run: only Ethernet (1).");
    }

    private static BpfProgType TypeOf(Desk desk, int fd)
    {
        Span<byte> bytes = stackalloc byte[InfoTable.ProgSize];
        bytes.Clear();
        Span<byte> filled = bytes;
        CallStatus.Check(desk.Port.Info(fd, ref filled), "program");
        return (BpfProgType)new InfoStruct(ObjectKind.Prog, bytes).U32("type");
    }
}
