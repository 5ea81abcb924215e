using System.Globalization;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Programs;

/// <summary>What return values mean for packets, by program type (enum xdp_action and the TC_ACT_* of the uapi headers).</summary>
public static class PacketVerdicts
{
    private static readonly string[] Xdp = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"];
    private static readonly string[] Tc =
        ["TC_ACT_OK", "TC_ACT_RECLASSIFY", "TC_ACT_SHOT", "TC_ACT_PIPE", "TC_ACT_STOLEN", "TC_ACT_QUEUED", "TC_ACT_REPEAT", "TC_ACT_REDIRECT", "TC_ACT_TRAP"];

    /// <summary>The name of a return value, and whether the packet goes on.</summary>
    public static (string Name, bool Passes) Of(BpfProgType type, uint value) => type switch
    {
        BpfProgType.Xdp => value < Xdp.Length ? (Xdp[value], value >= 2) : (Number(value), false),
        BpfProgType.SchedCls or BpfProgType.SchedAct => value switch
        {
            uint.MaxValue => ("TC_ACT_UNSPEC", true),
            _ when value < Tc.Length => (Tc[value], value is 0 or 1 or 3 or 7),
            _ => (Number(value), true),
        },
        BpfProgType.CgroupSkb => value == 0 ? ("DROP", false) : ((value & 1) != 0 ? "PASS" : "DROP", (value & 1) != 0),
        BpfProgType.SocketFilter => value == 0 ? ("DROP", false) : ("KEEP", true),
        _ => (Number(value), true),
    };

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
