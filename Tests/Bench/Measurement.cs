namespace WebBpf.Bench;

/// <summary>Times of one program on several targets, ns per run (or per load), one list per target.</summary>
internal sealed class Measurement(int targets)
{
    private readonly List<double>[] _times = [.. Enumerable.Range(0, targets).Select(_ => new List<double>())];

    /// <summary>Measures all targets in turn, round after round, so that what else the machine does falls on all alike.</summary>
    /// <param name="programs">The program on each target.</param>
    /// <param name="rounds">Rounds.</param>
    /// <param name="batch">Time one measurement should take.</param>
    public static Measurement Runs(IReadOnlyList<ILoadedProgram> programs, int rounds, TimeSpan batch)
    {
        var measurement = new Measurement(programs.Count);
        int[] repeats = [.. programs.Select(program => Repeats(program, batch))];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < programs.Count; i++)
            {
                programs[i].Run(repeats[i], out double ns);
                measurement._times[i].Add(ns);
            }
        }

        return measurement;
    }

    /// <summary>The same for loading.</summary>
    public static Measurement Loads(IReadOnlyList<ILoadedProgram> programs, int rounds)
    {
        var measurement = new Measurement(programs.Count);
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < programs.Count; i++)
                measurement._times[i].Add(programs[i].TimeLoad());
        }

        return measurement;
    }

    /// <summary>The time that half of the rounds stayed below.</summary>
    public double Median(int target) => At(_times[target], 0.5);

    /// <summary>The time that a tenth of the rounds stayed below: what the machine can do undisturbed.</summary>
    public double Clean(int target) => At(_times[target], 0.1);

    /// <summary>Median over the rounds of one target's time divided by another's in the same round.</summary>
    public double Ratio(int target, int to) => At([.. _times[target].Zip(_times[to], (a, b) => a / b)], 0.5);

    private static double At(List<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    // The first runs of a program are slower (caches, first compilation): the fastest of a few counts.
    private static int Repeats(ILoadedProgram program, TimeSpan batch)
    {
        int repeat = 16;
        while (true)
        {
            double best = double.MaxValue;
            for (int i = 0; i < 3; i++)
            {
                program.Run(repeat, out double ns);
                best = Math.Min(best, Math.Max(ns, 1));
            }

            double whole = batch.TotalNanoseconds / best;
            if (repeat >= whole / 8)
                return (int)Math.Clamp(whole, 1, 100_000_000);
            repeat *= 4;
        }
    }
}
