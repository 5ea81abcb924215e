using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Hosting;

/// <summary>Makes the kernels.</summary>
public static class KernelSetup
{
    public static void AddKernels(this IServiceCollection services) => services.AddSingleton(new KernelHost(new NoKernel()));

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
