using WebBpf.Kernel.Execution;
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

    public static ulong KtimeGetNsCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => run.Services.MonotonicNs;

    public static ulong KtimeGetBootNsCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => run.Services.BootNs;

    public static ulong KtimeGetCoarseNsCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => run.Services.MonotonicNs;

    public static ulong KtimeGetTaiNsCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => run.Services.TaiNs;

    /// <summary>250 jiffies a second since 5 minutes before the boot, as a kernel with HZ=250.</summary>
    public static ulong Jiffies64Call(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => (run.Services.MonotonicNs / 4_000_000) + 4_294_892_296UL;
}
