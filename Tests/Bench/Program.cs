using System.Diagnostics;
using WebBpf.Bench;
using WebBpf.Bench.Samples;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Syscall;
using WebBpf.Linux;

Options? options = Options.Parse(args);
if (options is null)
{
    Console.WriteLine(Options.Help);
    return 2;
}

IReadOnlyList<BenchProgram> programs = BenchProgram.All(Path.Combine(AppContext.BaseDirectory, "Programs"));
if (options.Only.Count > 0)
    programs = [.. programs.Where(program => options.Only.Contains(program.Name))];
if (options.List)
{
    foreach (BenchProgram program in programs)
        Console.WriteLine($"{program.Name,-16} {program.Insns.Length,4} insns  {program.What}");
    return 0;
}

if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
    Process.GetCurrentProcess().ProcessorAffinity = (nint)(1L << options.Cpu);

ExecutableFactory.WarmUp();
int exit = 0;
string? unavailable = LinuxKernel.Probe();
if (options.Samples)
{
    // First, so that the first loads are the first of the process.
    using var kernel = new BpfKernel(new BpfKernelOptions { Cpus = BpfKernelOptions.PossibleCpus() });
    LinuxKernel? linux = unavailable is null ? new LinuxKernel() : null;
    exit = SampleSuite.Run(kernel, linux, options);
    Console.WriteLine();
}

if (!options.Programs)
    return exit;
using IBenchTarget ours = MakeOurs(options);
var targets = new List<IBenchTarget> { ours };
if (unavailable is null)
    targets.Add(new BpfTarget($"kernel {LinuxKernel.Release}", new LinuxKernel()));
else
    Console.WriteLine($"The machine's kernel is left out: {unavailable}");

return Math.Max(exit, Suite.Run(programs, targets, options));

static IBenchTarget MakeOurs(Options options)
{
    var execution = new ExecutionOptions
    {
        Engine = options.Ours == "interpreter" ? Engine.Interpreter : Engine.Jit,
        Isolation = options.Raw ? Isolation.Raw : Isolation.Masked,
    };
    return options.Ours switch
    {
        "kernel" => new BpfTarget("our kernel", new BpfKernel(new BpfKernelOptions { Execution = execution })),
        "interpreter" => new JitTarget("our interpreter", execution),
        _ => new JitTarget(options.Raw ? "our JIT, raw" : "our JIT", execution),
    };
}
