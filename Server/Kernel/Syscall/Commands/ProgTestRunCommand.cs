using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Syscall.Commands;

/// <summary>BPF_PROG_TEST_RUN, as bpf_prog_test_run in kernel/bpf/syscall.c, 6.18: sizes and pointers of the context go together; the program type does the rest.</summary>
[BpfSyscall(BpfCommand.ProgTestRun)]
internal sealed class ProgTestRunCommand : SyscallCommand
{
    private const int ProgFd = 0;
    private const int Retval = 4;
    private const int DataSizeIn = 8;
    private const int DataSizeOut = 12;
    private const int DataIn = 16;
    private const int DataOut = 24;
    private const int Repeat = 32;
    private const int Duration = 36;
    private const int CtxSizeIn = 40;
    private const int CtxSizeOut = 44;
    private const int CtxIn = 48;
    private const int CtxOut = 56;
    private const int FlagsField = 64;
    private const int Cpu = 68;
    private const int BatchSize = 72;

    public override long Execute(ref SyscallContext call)
    {
        if ((call.U32(CtxSizeIn) != 0) != (call.U64(CtxIn) != 0) || (call.U32(CtxSizeOut) != 0) != (call.U64(CtxOut) != 0))
            return -Errno.EINVAL;
        if (call.GetProgram(call.S32(ProgFd), out int error) is not { } program)
            return error;
        try
        {
            if (program.Facts.Type.TestRunner is not { } runner)
                return -Errno.ENOTSUPP;
            if (program.Verified.Gaps.Count > 0)
                return call.NotImplemented(string.Join(", ", program.Verified.Gaps));
            return Run(ref call, program, runner);
        }
        finally
        {
            program.Put();
        }
    }

    private static long Run(ref SyscallContext call, BpfProgram program, ITestRunnable runner)
    {
        var run = new TestRunCall
        {
            Memory = call.Memory,
            Cpus = call.Kernel.Cpus,
            Task = call.Task,
            StatsEnabled = call.Kernel.RunStats.Enabled,
            Cancellation = call.Call.Cancellation,
            DataIn = call.U64(DataIn),
            DataOut = call.U64(DataOut),
            CtxIn = call.U64(CtxIn),
            CtxOut = call.U64(CtxOut),
            DataSizeIn = call.U32(DataSizeIn),
            DataSizeOut = call.U32(DataSizeOut),
            CtxSizeIn = call.U32(CtxSizeIn),
            CtxSizeOut = call.U32(CtxSizeOut),
            Repeat = call.U32(Repeat),
            DurationIn = call.U32(Duration),
            Flags = call.U32(FlagsField),
            Cpu = call.U32(Cpu),
            BatchSize = call.U32(BatchSize),
        };
        int result;
        using (call.Kernel.Services.Enter(call.Task))
            result = runner.TestRun(program, run);
        Put(ref call, Retval, run.Retval);
        Put(ref call, DataSizeOut, run.WrittenDataSize);
        Put(ref call, CtxSizeOut, run.WrittenCtxSize);
        Put(ref call, Duration, run.Duration);
        return run.NotImplemented is { } gap ? call.NotImplemented(gap) : result;
    }

    private static void Put(ref SyscallContext call, int offset, uint? value)
    {
        if (value is { } written)
            call.Put(offset, written);
    }
}
