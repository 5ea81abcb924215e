namespace WebBpf.Bench.Samples;

/// <summary>Prints what was measured of the samples.</summary>
internal static class SampleTable
{
    public static void Print(IReadOnlyList<SampleRow> rows, Options options)
    {
        Console.WriteLine();
        Console.WriteLine($"Samples through the system call on both kernels, {options.Rounds} rounds in turn; ours : kernel's, the clean tenth, and the ratio; below 1 is faster than the kernel.");
        Console.WriteLine("run: one repetition of a test run, ns. call: a whole BPF_PROG_TEST_RUN of one run with its output, µs. load: BPF_PROG_LOAD, µs, verified and compiled on both sides; cold is the first.");
        Console.WriteLine($"{"program",-18} {"run",15} {"ratio",6}  {"call",13} {"ratio",6}  {"load, warm",15} {"ratio",6}  {"load, cold",17} {"ratio",6}");
        foreach (SampleRow row in rows)
        {
            Console.WriteLine($"{row.Name,-18} {Pair(row.Repeated, 1),15} {Ratio(row.Repeated),6}  {Pair(row.Whole, 1000),13} {Ratio(row.Whole),6}  {Pair(row.Warm, 1000),15} {Ratio(row.Warm),6}"
                + $"  {Pair(row.Cold, 1000),17} {Ratio(row.Cold),6}{(row.Differs ? "  results differ" : "")}");
        }

        if (rows.Any(row => row.Warm.Compared))
            Console.WriteLine($"geometric means: {Mean(rows, r => r.Repeated)} to run, {Mean(rows, r => r.Whole)} for a call, {Mean(rows, r => r.Warm)} to load warm, {Mean(rows, r => r.Cold)} cold");
    }

    private static string Pair(Times times, double unit)
    {
        string format = unit == 1 ? "F0" : "F1";
        string One(int kernel) => (times.Clean(kernel) / unit).ToString(format, System.Globalization.CultureInfo.InvariantCulture);
        return !times.Any ? "" : times.Compared ? $"{One(0)} : {One(1)}" : One(0);
    }

    private static string Ratio(Times times) => times.Compared ? $"{times.Ratio:F2}" : "";

    private static string Mean(IReadOnlyList<SampleRow> rows, Func<SampleRow, Times> of)
    {
        double[] ratios = [.. rows.Select(of).Where(t => t.Compared).Select(t => t.Ratio)];
        return ratios.Length == 0 ? "-" : $"{Math.Exp(ratios.Average(Math.Log)):F2}";
    }
}
