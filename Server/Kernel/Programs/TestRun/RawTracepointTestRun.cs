using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>Test runs of raw tracepoints, as bpf_prog_test_run_raw_tp in net/bpf/test_run.c, 6.18: the context is the tracepoint's arguments, the CPU may be chosen.</summary>
internal sealed class RawTracepointTestRun : ITestRunnable
{
    // BPF_F_TEST_RUN_ON_CPU
    private const uint OnCpu = 1;
    private const uint LargestContext = RawTracepointType.MaxArguments * sizeof(ulong);

    public int TestRun(BpfProgram program, TestRunCall call)
    {
        if (PlainTestRun.UsesPacketFields(call))
            return -Errno.EINVAL;
        if (call.CtxSizeIn < (uint)program.Verified.MaxCtxOffset || call.CtxSizeIn > LargestContext)
            return -Errno.EINVAL;
        bool chosen = (call.Flags & OnCpu) != 0;
        if (!chosen && call.Cpu != 0)
            return -Errno.EINVAL;
        return PlainTestRun.Run(program, call, chosen ? (int)Math.Min(call.Cpu, int.MaxValue) : -1, writeBack: false);
    }
}
