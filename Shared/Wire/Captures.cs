namespace WebBpf.Shared.Wire;

/// <summary>A program's run over a capture.</summary>
/// <param name="Packets">One item per packet, in order.</param>
/// <param name="Verdicts">How many packets got which verdict.</param>
/// <param name="Errors">Packets that the kernel refused to run the program on.</param>
/// <param name="Capture">The packets that came through, as a pcap file in hex; absent with capture=false.</param>
public sealed record CaptureRunInfo(IReadOnlyList<PacketRunInfo> Packets, IReadOnlyDictionary<string, int> Verdicts, int Errors, string? Capture);

/// <summary>One packet's run.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Retval">What the program returned.</param>
/// <param name="Verdict">Its meaning for the program's type ("XDP_DROP"), or the number.</param>
/// <param name="LengthIn">Bytes in.</param>
/// <param name="LengthOut">Bytes out.</param>
/// <param name="Changed">Whether the bytes differ.</param>
/// <param name="DurationNs">Time of the run.</param>
/// <param name="Errno">Why the program could not run on this packet.</param>
public sealed record PacketRunInfo(int Index, uint? Retval, string? Verdict, int LengthIn, int? LengthOut, bool? Changed, uint? DurationNs, string? Errno);
