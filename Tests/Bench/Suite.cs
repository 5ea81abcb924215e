namespace WebBpf.Bench;

/// <summary>Runs all programs on all targets and prints the table.</summary>
internal static class Suite
{
    /// <summary>Returns the process's exit code: 1 where a program could not be loaded or results differ.</summary>
    public static int Run(IReadOnlyList<BenchProgram> programs, IReadOnlyList<IBenchTarget> targets, Options options)
    {
        bool compare = targets.Count > 1;
        Console.WriteLine($"{options.Rounds} rounds in turn on CPU {options.Cpu}; ns per run as clean/median; below 1 is faster than the kernel.");
        if (options.Ours != "kernel")
            Console.WriteLine("Loading: ours is compilation alone; the kernel's includes verification (--ours kernel compares like with like).");
        Console.WriteLine($"{"program",-16} {"insns",5}  {targets[0].Name,19}  {(compare ? targets[1].Name : ""),19}  {"ratio",6}  {"load, µs",17}  {"ratio",6}");
        var runRatios = new List<double>();
        var loadRatios = new List<double>();
        bool failed = false;
        foreach (BenchProgram program in programs)
        {
            List<ILoadedProgram> loaded = [.. Load(program, targets)];
            if (loaded.Count == targets.Count)
            {
                uint[] results = [.. loaded.Select(one => one.Run(1, out _))];
                bool differ = results.Distinct().Count() > 1;
                failed |= differ;
                Measurement runs = Measurement.Runs(loaded, options.Rounds, options.Batch);
                Measurement? loads = options.Loads > 0 ? Measurement.Loads(loaded, options.Loads) : null;
                Print(program, compare, runs, loads, differ ? $"  results differ: {string.Join(" ", results)}" : "");
                if (compare)
                {
                    runRatios.Add(runs.Ratio(0, 1));
                    if (loads is not null)
                        loadRatios.Add(loads.Ratio(0, 1));
                }
            }
            else
            {
                failed = true;
            }

            foreach (ILoadedProgram one in loaded)
                one.Dispose();
        }

        if (runRatios.Count > 0)
            Console.WriteLine($"geometric mean of the ratios: {GeometricMean(runRatios):F2} to run{(loadRatios.Count > 0 ? $", {GeometricMean(loadRatios):F1} to load" : "")}");
        return failed ? 1 : 0;
    }

    private static IEnumerable<ILoadedProgram> Load(BenchProgram program, IReadOnlyList<IBenchTarget> targets)
    {
        foreach (IBenchTarget target in targets)
        {
            ILoadedProgram? loaded = target.Load(program, out string problem);
            if (loaded is null)
                Console.WriteLine($"{program.Name,-16} {target.Name}: {problem}");
            else
                yield return loaded;
        }
    }

    private static void Print(BenchProgram program, bool compare, Measurement runs, Measurement? loads, string note)
    {
        string Pair(int target) => $"{runs.Clean(target):F1}/{runs.Median(target):F1}";
        string theirs = compare ? Pair(1) : "";
        string ratio = compare ? $"{runs.Ratio(0, 1):F2}" : "";
        string load = loads is null ? "" : compare ? $"{loads.Median(0) / 1000:F0} : {loads.Median(1) / 1000:F0}" : $"{loads.Median(0) / 1000:F0}";
        string loadRatio = loads is not null && compare ? $"{loads.Ratio(0, 1):F1}" : "";
        Console.WriteLine($"{program.Name,-16} {program.Insns.Length,5}  {Pair(0),19}  {theirs,19}  {ratio,6}  {load,17}  {loadRatio,6}{note}");
    }

    private static double GeometricMean(List<double> ratios) => Math.Exp(ratios.Average(Math.Log));
}
