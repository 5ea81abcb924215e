using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// What kprobes, tracepoints and perf events have beside <see cref="BaseHelpers"/>, as bpf_tracing_func_proto in kernel/trace/bpf_trace.c, 6.18 (such programs need
/// CAP_PERFMON to load).
/// </summary>
public static class TracingHelpers
{
    private static readonly HelperTable Probes = new(
        ProbeReadHelpers.ProbeRead, ProbeReadHelpers.ProbeReadStr, AttachPointHelpers.GetFuncIp);

    private static readonly HelperTable Stacks = new(
        PerfEventOutputHelper.PerfEventOutput, PerfHelpers.GetStackid, PerfHelpers.GetStack, AttachPointHelpers.GetAttachCookie);

    /// <summary>The prototype, or null where the program may not call it.</summary>
    public static HelperProto? Find(BpfFuncId id, ProgramFacts program) => Stacks.Find(id) ?? FindCommon(id, program);

    /// <summary>Without those that need the context of an event.</summary>
    public static HelperProto? FindCommon(BpfFuncId id, ProgramFacts program) => Probes.Find(id) ?? BaseHelpers.Find(id, program);
}
