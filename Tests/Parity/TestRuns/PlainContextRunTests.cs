using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Parity.Harness;
using Xunit;

namespace WebBpf.Tests.Parity.TestRuns;

/// <summary>Test runs of raw tracepoints and of syscall programs, whose context is bytes of the caller: every field, every errno, on both kernels.</summary>
public sealed class PlainContextRunTests(BackendPair pair) : IClassFixture<BackendPair>
{
    private const string SumOfTwo = """
        r0 = *(u64 *)(r1 +0)
        r2 = *(u64 *)(r1 +16)
        r0 += r2
        exit
        """;

    private const string Nothing = """
        r0 = 7
        exit
        """;

    // Needs 12 bytes and answers in the first four.
    private const string Answer = """
        r2 = *(u64 *)(r1 +4)
        *(u32 *)(r1 +0) = r2
        r0 = 3
        exit
        """;

    private static readonly string[] Unknown = ["data_in", "data_size_in", "data_out", "data_size_out", "repeat", "duration", "ctx_out", "ctx_size_out", "batch_size", "flags", "cpu"];

    public static TheoryData<BpfProgType> Types => [BpfProgType.RawTracepoint, BpfProgType.Syscall];

    [Fact]
    public void A_raw_tracepoint_reads_its_arguments() => pair.Same(side =>
    {
        long fd = side.Load(BpfProgType.RawTracepoint, SumOfTwo);
        byte[] arguments = new byte[128];
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = (byte)(i * 3);
        foreach (uint size in new uint[] { 24, 25, 32, 95, 96 })
            side.Run(fd, ("ctx_in", side.Memory.Copy(arguments)), ("ctx_size_in", size));
    });

    [Theory]
    [MemberData(nameof(Types))]
    public void The_context_holds_at_least_what_the_program_reads_and_no_more_than_the_type_allows(BpfProgType type) => pair.Same(side =>
    {
        foreach (string asm in new[] { Nothing, SumOfTwo })
        {
            long fd = side.Load(type, asm);
            side.Run(fd);
            ulong context = side.Memory.Copy(new byte[70_000]);
            foreach (uint size in new uint[] { 1, 8, 17, 23, 24, 96, 97, 104, 4096, 65535, 65536, 70_000 })
                side.Run(fd, ("ctx_in", context), ("ctx_size_in", size));
        }
    });

    [Theory]
    [MemberData(nameof(Types))]
    public void Each_other_field_is_refused_or_ignored_as_the_kernel_does(BpfProgType type) => pair.Same(side =>
    {
        long fd = side.Load(type, SumOfTwo);
        ulong bytes = side.Memory.Copy(new byte[96]);
        foreach (string name in Unknown)
        {
            foreach (ulong value in name is "data_in" or "data_out" or "ctx_out" ? new[] { bytes } : [1, 2, uint.MaxValue])
                side.Run(fd, ("ctx_in", bytes), ("ctx_size_in", 32), (name, value));
        }

        side.Run(fd, ("ctx_in", bytes), ("ctx_size_in", 32), ("ctx_out", bytes), ("ctx_size_out", 32));
        side.Run(fd, ("ctx_in", bytes));
        side.Run(fd, ("ctx_size_in", 32));
    });

    [Theory]
    [MemberData(nameof(Types))]
    public void A_context_that_is_not_the_callers_faults_after_its_size_was_checked(BpfProgType type) => pair.Same(side =>
    {
        long fd = side.Load(type, SumOfTwo);
        side.Run(fd, ("ctx_in", 8), ("ctx_size_in", 32));
        side.Run(fd, ("ctx_in", 8), ("ctx_size_in", 16));
        side.Run(fd, ("ctx_in", 8), ("ctx_size_in", 32), ("flags", 1), ("cpu", 1000));
        side.Run(fd, ("ctx_in", 8), ("ctx_size_in", 32), ("cpu", 1));
    });

    [Fact]
    public void A_raw_tracepoint_runs_on_the_cpu_that_was_asked_for() => pair.Same(side =>
    {
        long fd = side.Load(BpfProgType.RawTracepoint, """
            call bpf_get_smp_processor_id
            exit
            """);
        for (uint cpu = 0; cpu < Math.Min(BpfKernelOptions.PossibleCpus(), 2); cpu++)
            side.Run(fd, ("flags", 1), ("cpu", cpu));
        foreach (uint cpu in new uint[] { 4096, 1 << 20, int.MaxValue, 0x80000000, uint.MaxValue })
            side.Run(fd, ("flags", 1), ("cpu", cpu));
        long constant = side.Load(BpfProgType.RawTracepoint, Nothing);
        side.Run(constant, ("flags", 2));
        side.Run(constant, ("flags", 3), ("cpu", 0));
        side.Run(constant, ("flags", 2), ("cpu", 1));
    });

    [Fact]
    public void What_a_syscall_program_writes_comes_back_to_the_context_it_came_from() => pair.Same(side =>
    {
        long fd = side.Load(BpfProgType.Syscall, Answer);
        foreach (int size in new[] { 11, 12, 13, 64 })
        {
            UserBuffer context = side.Memory.Allocate(size);
            for (int i = 0; i < size; i++)
                context.Span[i] = (byte)(i + 1);
            side.Run(fd, ("ctx_in", context.Address), ("ctx_size_in", (ulong)size));
            side.Note("context", context.Span);
        }
    });

    [Theory]
    [InlineData(BpfProgType.RawTracepointWritable)]
    [InlineData(BpfProgType.Kprobe)]
    [InlineData(BpfProgType.Tracepoint)]
    [InlineData(BpfProgType.PerfEvent)]
    [InlineData(BpfProgType.CgroupSockAddr)]
    [InlineData(BpfProgType.CgroupDevice)]
    [InlineData(BpfProgType.SockOps)]
    public void Types_without_a_test_run_say_so(BpfProgType type) => pair.Same(side =>
    {
        long fd = side.Load(type, """
            r0 = 1
            exit
            """);
        side.Run(fd);
        side.Run(fd, ("ctx_in", 8), ("ctx_size_in", 8));
        side.Run(fd, ("ctx_size_in", 8));
        side.Run(fd, ("duration", 8));
        side.Run(99);
    });
}
