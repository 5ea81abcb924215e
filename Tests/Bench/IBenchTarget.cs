namespace WebBpf.Bench;

/// <summary>A kernel (or a part of one) on which programs are measured.</summary>
internal interface IBenchTarget : IDisposable
{
    string Name { get; }

    /// <summary>Loads a program with its maps; null with the reason in <paramref name="problem"/> where it cannot be had.</summary>
    ILoadedProgram? Load(BenchProgram program, out string problem);
}

/// <summary>A program ready to run.</summary>
internal interface ILoadedProgram : IDisposable
{
    /// <summary>Runs it so many times over its packet; returns R0 of the last run, and the time of one run in ns.</summary>
    uint Run(int repeat, out double ns);

    /// <summary>Loads the same instructions once more, throws them away, and returns the time it took in ns.</summary>
    double TimeLoad();
}
