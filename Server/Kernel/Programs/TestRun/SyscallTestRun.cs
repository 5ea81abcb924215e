using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Programs;

/// <summary>Test runs of syscall programs, as bpf_prog_test_run_syscall in net/bpf/test_run.c, 6.18: what the program left in its context goes back to where it came from.</summary>
internal sealed class SyscallTestRun : ITestRunnable
{
    private const uint LargestContext = ushort.MaxValue;

    public int TestRun(BpfProgram program, TestRunCall call)
    {
        if (PlainTestRun.UsesPacketFields(call) || call.Flags != 0)
            return -Errno.EINVAL;
        if (call.CtxSizeIn < (uint)program.Verified.MaxCtxOffset || call.CtxSizeIn > LargestContext)
            return -Errno.EINVAL;
        return PlainTestRun.Run(program, call, -1, writeBack: true);
    }
}
