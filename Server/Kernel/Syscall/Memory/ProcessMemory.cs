using System.Runtime.InteropServices;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// The whole address space of this process as user memory, for tests and benchmarks that hand out their own pointers. Copies go through
/// process_vm_readv and process_vm_writev on the process itself, so that a wrong address gives EFAULT and no crash.
/// </summary>
public sealed unsafe class ProcessMemory : IUserMemory
{
    public bool TryRead(ulong address, Span<byte> destination)
    {
        fixed (byte* to = destination)
            return Copy(process_vm_readv, to, address, destination.Length);
    }

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        fixed (byte* from = source)
            return Copy(process_vm_writev, from, address, source.Length);
    }

    private static bool Copy(Transfer transfer, byte* local, ulong address, int length)
    {
        if (length == 0)
            return true;
        var here = new Vector { Base = (nint)local, Length = (nuint)length };
        var there = new Vector { Base = unchecked((nint)address), Length = (nuint)length };
        return transfer(Environment.ProcessId, &here, 1, &there, 1, 0) == length;
    }

    private delegate nint Transfer(int pid, Vector* local, nuint localCount, Vector* remote, nuint remoteCount, nuint flags);

    [DllImport("libc")]
    private static extern nint process_vm_readv(int pid, Vector* local, nuint localCount, Vector* remote, nuint remoteCount, nuint flags);

    [DllImport("libc")]
    private static extern nint process_vm_writev(int pid, Vector* local, nuint localCount, Vector* remote, nuint remoteCount, nuint flags);

    private struct Vector
    {
        public nint Base;
        public nuint Length;
    }
}
