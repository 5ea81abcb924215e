namespace WebBpf.Bench.Samples;

/// <summary>What was measured of one program, ns, on each of the kernels.</summary>
internal sealed class SampleRow(string name, int kernels)
{
    public string Name { get; } = name;

    /// <summary>The results on the kernels were not the same.</summary>
    public bool Differs { get; set; }

    /// <summary>First load in the process.</summary>
    public Times Cold { get; } = new(kernels);

    /// <summary>Later loads by the same call.</summary>
    public Times Warm { get; } = new(kernels);

    /// <summary>One repetition of a test run.</summary>
    public Times Repeated { get; } = new(kernels);

    /// <summary>A whole call of BPF_PROG_TEST_RUN that runs once.</summary>
    public Times Whole { get; } = new(kernels);
}

/// <summary>Times on each kernel, taken in turn.</summary>
internal sealed class Times(int kernels)
{
    private readonly List<double>[] _times = [.. Enumerable.Range(0, kernels).Select(_ => new List<double>())];

    public bool Any => _times[0].Count > 0;

    public bool Compared => Any && _times.Length > 1;

    /// <summary>Ours divided by the kernel's.</summary>
    public double Ratio => Clean(0) / Clean(1);

    public void Add(int kernel, double ns) => _times[kernel].Add(ns);

    /// <summary>
    /// The time that a tenth of the rounds stayed below: what the machine can do undisturbed. (The kernel's clock stops while its test run is scheduled away, ours goes on: medians of
    /// a loaded machine would not compare.)
    /// </summary>
    public double Clean(int kernel)
    {
        double[] sorted = [.. _times[kernel].Order()];
        return sorted[(sorted.Length - 1) / 10];
    }
}
