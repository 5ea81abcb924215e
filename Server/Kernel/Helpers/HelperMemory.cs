using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>
/// How helper bodies reach memory and answer. The verifier has checked what they are given; should it ever be wrong, nothing outside the sandbox is touched.
/// </summary>
internal static unsafe class HelperMemory
{
    private const ulong SandboxSize = 1UL << 32;

    /// <summary>Memory that the verifier checked: <paramref name="size"/> bytes (its low 32 bits) at an address; empty where that would leave the sandbox.</summary>
    public static Span<byte> Bytes(RunContext run, ulong address, ulong size)
    {
        uint count = (uint)size;
        return count > int.MaxValue || (uint)address + (ulong)count > SandboxSize ? default : new Span<byte>(run.Base + (uint)address, (int)count);
    }

    /// <summary>A result in R0: sign-extended, as long.</summary>
    public static ulong Result(long value) => (ulong)value;

    /// <summary>-EFAULT with the destination cleared, as helpers that fill memory leave it.</summary>
    public static ulong Fault(Span<byte> destination)
    {
        destination.Clear();
        return Result(-Errno.EFAULT);
    }
}
