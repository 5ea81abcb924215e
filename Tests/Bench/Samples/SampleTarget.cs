using System.Diagnostics;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;

namespace WebBpf.Bench.Samples;

/// <summary>One sample object on one kernel: its programs are run and loaded through the system call.</summary>
internal sealed class SampleTarget : IDisposable
{
    private readonly IBpfBackend _kernel;
    private readonly BpfTask _task = new() { Pid = (uint)Environment.ProcessId, Comm = "bench" };

    /// <exception cref="LoadException">The object could not be loaded.</exception>
    public SampleTarget(IBpfBackend kernel, BpfObject source)
    {
        _kernel = kernel;
        var recorder = new RecordingBackend(kernel);
        Result = BpfObjectLoader.Load(recorder, source, new LoadOptions { LogLevel = 0, RetryLogLevel = 0 }, new BpfCall(_task), BpfKernelOptions.PossibleCpus());
        Loads = recorder.Loads;
    }

    public LoadResult Result { get; }

    /// <summary>The first load of each program, in their order.</summary>
    public IReadOnlyList<RecordedLoad> Loads { get; }

    /// <summary>Loads a program once more, with the very same call, and throws it away; ns.</summary>
    public double Load(RecordedLoad load)
    {
        byte[] attr = [.. load.Attr];
        long start = Stopwatch.GetTimestamp();
        long fd = _kernel.Bpf(BpfCommand.ProgLoad, attr, load.Memory, new BpfCall(_task));
        double ns = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        if (fd < 0)
            throw new InvalidOperationException($"{load.Name}: {Errno.Name(fd)}");
        _task.Fds.Close((int)fd);
        return ns;
    }

    /// <summary>A whole BPF_PROG_TEST_RUN; the packet comes back in <paramref name="output"/>.</summary>
    public SampleRun Run(int fd, ReadOnlySpan<byte> packet, uint repeat, bool output)
    {
        const int room = 4096;
        AttrBuilder attr = new AttrBuilder(BpfCommand.ProgTestRun).Set("prog_fd", (uint)fd).SetBytes("data_in", packet).Set("data_size_in", (uint)packet.Length).Set("repeat", repeat);
        UserBuffer? written = null;
        if (output)
            attr.SetBuffer("data_out", room, out written).Set("data_size_out", room);
        long start = Stopwatch.GetTimestamp();
        long result = _kernel.Bpf(attr.Command, attr.Bytes, attr.Memory, new BpfCall(_task));
        double ns = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        if (result < 0)
            throw new InvalidOperationException($"test run: {Errno.Name(result)}");
        string bytes = written is null ? "" : Convert.ToHexString(written.Span[..(int)attr.Get("data_size_out")]);
        return new SampleRun((uint)attr.Get("retval"), bytes, attr.Get("duration"), ns);
    }

    public void Dispose() => _task.Fds.CloseAll();
}

/// <summary>What a test run gave, and its times: of one repetition as the kernel measured it, and of the whole call, in ns.</summary>
internal readonly record struct SampleRun(uint Retval, string Output, double Duration, double CallNs);
