using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Clocks: bpf_ktime_get_ns and kin, as kernel/bpf/helpers.c, 6.18.</summary>
[BpfHelpers]
public static class TimeHelpers
{
    public static readonly HelperProto KtimeGetNs = new(BpfFuncId.KtimeGetNs, RetType.Integer);

    public static readonly HelperProto KtimeGetBootNs = new(BpfFuncId.KtimeGetBootNs, RetType.Integer);

    public static readonly HelperProto KtimeGetCoarseNs = new(BpfFuncId.KtimeGetCoarseNs, RetType.Integer);

    public static readonly HelperProto KtimeGetTaiNs = new(BpfFuncId.KtimeGetTaiNs, RetType.Integer);

    public static readonly HelperProto Jiffies64 = new(BpfFuncId.Jiffies64, RetType.Integer);
}
