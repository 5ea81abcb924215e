using System.Globalization;
using System.Text.RegularExpressions;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>Numbers of a verification, read from the log's own last line (print_verification_stats in kernel/bpf/verifier.c), which every backend writes.</summary>
public static partial class LogStats
{
    /// <summary>Null where the log has no such line.</summary>
    public static VerificationStats? Of(string log, long loadUs)
    {
        int at = log.LastIndexOf("processed ", StringComparison.Ordinal);
        Match match = at < 0 ? Match.Empty : Processed().Match(log, at);
        if (!match.Success)
            return null;
        return new VerificationStats(Number(match, "insns"), Number(match, "peak"), Number(match, "total"), loadUs);
    }

    private static uint Number(Match match, string group) =>
        uint.TryParse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) ? value : 0;

    [GeneratedRegex(@"processed (?<insns>\d+) insns .*?total_states (?<total>\d+) peak_states (?<peak>\d+)")]
    private static partial Regex Processed();
}
