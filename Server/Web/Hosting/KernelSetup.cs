using Microsoft.Extensions.Options;
using WebBpf.Kernel.Syscall;
using WebBpf.Linux;
using WebBpf.Server.Persistence;

namespace WebBpf.Server.Hosting;

/// <summary>Makes the kernels.</summary>
public static class KernelSetup
{
    private const string MachineBtf = "/sys/kernel/btf/vmlinux";

    public static void AddKernels(this IServiceCollection services) => services.AddSingleton(Make);

    private static KernelHost Make(IServiceProvider services)
    {
        KernelOptions options = services.GetRequiredService<IOptions<KernelOptions>>().Value;
        Kernel.Execution.ExecutableFactory.WarmUp();
        var kernel = new BpfKernel(new Kernel.Syscall.BpfKernelOptions
        {
            Cpus = options.Cpus ?? Kernel.Syscall.BpfKernelOptions.PossibleCpus(),
            VmlinuxBtf = ReadBtf(options.VmlinuxBtf),
            Journal = services.GetRequiredService<JournalWriter>(),
        });
        return new KernelHost(kernel) { Linux = options.AllowLinuxBackend ? OpenLinux() : null };
    }

    /// <summary>The configured file, else the machine's where it is readable, else none.</summary>
    private static byte[]? ReadBtf(string? configured)
    {
        if (configured is null && !File.Exists(MachineBtf))
            return null;
        try
        {
            return File.ReadAllBytes(configured ?? MachineBtf);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return configured is null ? null : throw new StartupException($"Kernel:VmlinuxBtf cannot be read: {e.Message}", e);
        }
    }

    /// <exception cref="StartupException">bpf(2) is not allowed here.</exception>
    private static LinuxKernel OpenLinux() =>
        LinuxKernel.Probe() is { } reason ? throw new StartupException($"Kernel:AllowLinuxBackend is set, but {reason}") : new LinuxKernel();
}
