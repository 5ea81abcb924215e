using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Captures;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;

namespace WebBpf.Bench.Samples;

/// <summary>
/// The compiled samples on both kernels, in turn: test runs over a packet (repetitions, and whole calls of one run), and loads of the same program by the same call, where
/// ours includes verification and compilation as the kernel's does.
/// </summary>
internal static class SampleSuite
{
    private const int WarmLoads = 20;
    private const int WholeCalls = 200;

    /// <summary>Returns the process's exit code: 1 where something did not load or results differ.</summary>
    public static int Run(IBpfBackend ours, IBpfBackend? kernel, Options options)
    {
        var rows = new List<SampleRow>();
        bool failed = false;
        foreach (string name in WebBpf.Tests.Samples.ObjectNames)
        {
            BpfObject source = ObjectReader.Read(WebBpf.Tests.Samples.Object(name), name);
            var sides = new List<SampleTarget>();
            try
            {
                foreach (IBpfBackend? backend in new[] { ours, kernel })
                {
                    if (backend is not null)
                        sides.Add(new SampleTarget(backend, source));
                }

                foreach (LoadedProgram program in sides[0].Result.Programs)
                    failed |= !Measure(program.Name, sides, options, rows);
            }
            finally
            {
                sides.ForEach(side => side.Dispose());
            }
        }

        SampleTable.Print(rows, options);
        return failed ? 1 : 0;
    }

    private static bool Measure(string name, List<SampleTarget> sides, Options options, List<SampleRow> rows)
    {
        LoadedProgram[] programs = [.. sides.Select(side => side.Result.Programs.Single(p => p.Name == name))];
        if (programs.FirstOrDefault(p => !p.Accepted) is { } refused)
        {
            Console.WriteLine($"{name}: not loaded ({refused.NotImplemented ?? Errno.Name(refused.Error)})");
            return false;
        }

        int index = sides[0].Result.Programs.ToList().FindIndex(p => p.Name == name);
        var row = new SampleRow(name, sides.Count);
        for (int i = 0; i < sides.Count; i++)
            row.Cold.Add(i, sides[i].Loads[index].FirstNs);
        for (int round = 0; round < WarmLoads; round++)
        {
            for (int i = 0; i < sides.Count; i++)
                row.Warm.Add(i, sides[i].Load(sides[i].Loads[index]));
        }

        rows.Add(row);
        return !TakesPacket(programs[0].Type) || MeasureRuns(programs, sides, options, row);
    }

    private static bool MeasureRuns(LoadedProgram[] programs, List<SampleTarget> sides, Options options, SampleRow row)
    {
        byte[] packet = CaptureReader.Read(WebBpf.Tests.Samples.Capture(WebBpf.Tests.Samples.CaptureNames.First()))[0].Data.ToArray();
        SampleRun[] results = [.. sides.Select((side, i) => side.Run(programs[i].Fd, packet, 1, output: true))];
        row.Differs = results.Select(r => (r.Retval, r.Output)).Distinct().Count() > 1;
        uint[] repeats = [.. sides.Select((side, i) => Repeats(side, programs[i].Fd, packet, options.Batch))];
        for (int round = 0; round < options.Rounds; round++)
        {
            for (int i = 0; i < sides.Count; i++)
                row.Repeated.Add(i, Math.Max(sides[i].Run(programs[i].Fd, packet, repeats[i], output: false).Duration, 1));
        }

        for (int round = 0; round < WholeCalls; round++)
        {
            for (int i = 0; i < sides.Count; i++)
                row.Whole.Add(i, sides[i].Run(programs[i].Fd, packet, 1, output: true).CallNs);
        }

        return !row.Differs;
    }

    private static bool TakesPacket(BpfProgType type) => type is BpfProgType.Xdp or BpfProgType.SchedCls or BpfProgType.SocketFilter or BpfProgType.CgroupSkb;

    private static uint Repeats(SampleTarget side, int fd, byte[] packet, TimeSpan batch)
    {
        const uint trial = 2000;
        double ns = Math.Max(Math.Min(side.Run(fd, packet, trial, output: false).Duration, side.Run(fd, packet, trial, output: false).Duration), 1);
        return (uint)Math.Clamp(batch.TotalNanoseconds / ns, 1, 10_000_000);
    }
}
