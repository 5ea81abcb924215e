using Microsoft.Extensions.Options;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;

namespace WebBpf.Server.Hosting;

/// <summary>Makes the kernels.</summary>
public static class KernelSetup
{
    public static void AddKernels(this IServiceCollection services) => services.AddSingleton(Make);

    private static KernelHost Make(IServiceProvider services)
    {
        KernelOptions options = services.GetRequiredService<IOptions<KernelOptions>>().Value;
        return new KernelHost(new NoKernel())
        {
            Cpus = options.Cpus ?? PossibleCpus.OfMachine(),
            Linux = options.AllowLinuxBackend ? OpenLinux() : null,
        };
    }

    /// <exception cref="StartupException">bpf(2) is not allowed here.</exception>
    private static LinuxKernel OpenLinux() =>
        LinuxKernel.Probe() is { } reason ? throw new StartupException($"Kernel:AllowLinuxBackend is set, but {reason}") : new LinuxKernel();

    /// <summary>Answers every command with EOPNOTSUPP and says why.</summary>
    private sealed class NoKernel : IBpfBackend
    {
        public long Bpf(BpfCommand cmd, Span<byte> attr, IUserMemory memory, in BpfCall call)
        {
            call.Observer?.OnNotImplemented($"command {UapiName.Of(cmd)}");
            return -Errno.EOPNOTSUPP;
        }
    }
}
