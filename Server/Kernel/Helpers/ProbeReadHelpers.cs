using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Reads of memory by address, as kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfHelpers]
public static unsafe class ProbeReadHelpers
{
    public static readonly HelperProto ProbeRead = new(BpfFuncId.ProbeRead, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto ProbeReadStr = new(BpfFuncId.ProbeReadStr, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto ProbeReadKernel = new(BpfFuncId.ProbeReadKernel, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto ProbeReadKernelStr = new(BpfFuncId.ProbeReadKernelStr, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto ProbeReadUser = new(BpfFuncId.ProbeReadUser, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto ProbeReadUserStr = new(BpfFuncId.ProbeReadUserStr, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto ProbeWriteUser = new(BpfFuncId.ProbeWriteUser, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.Anything,
        Arg2 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg3 = ArgType.ConstSize,
    };

    public static readonly HelperProto CopyFromUser = new(BpfFuncId.CopyFromUser, RetType.Integer)
    {
        MightSleep = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto CopyFromUserTask = new(BpfFuncId.CopyFromUserTask, RetType.Integer)
    {
        GplOnly = true,
        MightSleep = true,
        Arg1 = ArgType.PtrToMem | ArgType.Uninit | ArgType.Write,
        Arg2 = ArgType.ConstSizeOrZero,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToBtfId,
        Arg4Type = "task_struct",
        Arg5 = ArgType.Anything,
    };

    public static ulong ProbeReadCall(RunContext run, ulong to, ulong size, ulong from, ulong r4, ulong r5) => ProbeReadKernelCall(run, to, size, from, r4, r5);

    public static ulong ProbeReadKernelCall(RunContext run, ulong to, ulong size, ulong from, ulong r4, ulong r5)
    {
        // Reading nothing fails only at an address that is not even tried.
        int fault = KernelFault(from);
        return (uint)size == 0 && fault == -Errno.EFAULT ? 0 : Read(run, to, size, from, fault);
    }

    public static ulong ProbeReadUserCall(RunContext run, ulong to, ulong size, ulong from, ulong r4, ulong r5)
    {
        // TASK_SIZE_MAX: nothing may be read from any address of a process.
        const ulong endOfProcesses = 0x7fff_ffff_f000;
        return (uint)size == 0 && from <= endOfProcesses ? 0 : Read(run, to, size, from, -Errno.EFAULT);
    }

    public static ulong ProbeReadStrCall(RunContext run, ulong to, ulong size, ulong from, ulong r4, ulong r5) => ReadString(run, to, size, from, KernelFault(from));

    public static ulong ProbeReadKernelStrCall(RunContext run, ulong to, ulong size, ulong from, ulong r4, ulong r5) => ReadString(run, to, size, from, KernelFault(from));

    public static ulong ProbeReadUserStrCall(RunContext run, ulong to, ulong size, ulong from, ulong r4, ulong r5) => ReadString(run, to, size, from, -Errno.EFAULT);

    /// <summary>Copies memory of the sandbox; false, and zeros, where any of it lies elsewhere.</summary>
    internal static bool Copy(RunContext run, Span<byte> to, ulong from)
    {
        if (!run.Memory.Contains(from, (ulong)to.Length))
        {
            to.Clear();
            return false;
        }

        new ReadOnlySpan<byte>(run.Memory.Resolve(from), to.Length).CopyTo(to);
        return true;
    }

    /// <summary>
    /// Copies a string with its zero, cut to the room (where the last byte becomes the zero). Returns the bytes written, 0 where there is no room, -1 where a byte
    /// lies outside the sandbox.
    /// </summary>
    internal static int CopyString(RunContext run, Span<byte> to, ulong from)
    {
        for (int i = 0; i < to.Length; i++)
        {
            if (!run.Memory.Contains(from + (ulong)i, 1))
                return -1;
            to[i] = *run.Memory.Resolve(from + (ulong)i);
            if (to[i] == 0)
                return i + 1;
        }

        if (to.IsEmpty)
            return 0;
        to[^1] = 0;
        return to.Length;
    }

    private static ulong Read(RunContext run, ulong to, ulong size, ulong from, int fault) =>
        Copy(run, HelperMemory.Bytes(run, to, size), from) ? 0 : HelperMemory.Result(fault);

    private static ulong ReadString(RunContext run, ulong to, ulong size, ulong from, int fault)
    {
        Span<byte> target = HelperMemory.Bytes(run, to, size);
        int length = CopyString(run, target, from);
        if (length >= 0)
            return (ulong)length;
        target.Clear();
        return HelperMemory.Result(fault);
    }

    /// <summary>
    /// What reading kernel memory outside the sandbox gives: ERANGE for addresses of processes and those that are no addresses on x86-64, EFAULT for others
    /// (copy_from_kernel_nofault_allowed in arch/x86/mm/maccess.c).
    /// </summary>
    private static int KernelFault(ulong address)
    {
        const ulong startOfKernel = 0xffff_8000_0000_0000;
        return address < startOfKernel ? -Errno.ERANGE : -Errno.EFAULT;
    }
}
