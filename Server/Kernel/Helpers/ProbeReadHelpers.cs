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

    public static ulong ProbeReadCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => Read(run, r1, (int)r2, r3);

    public static ulong ProbeReadKernelCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => Read(run, r1, (int)r2, r3);

    public static ulong ProbeReadUserCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => Read(run, r1, (int)r2, r3);

    /// <summary>Only the sandbox can be read: anything else gives EFAULT, and zeros.</summary>
    private static ulong Read(RunContext run, ulong destination, int size, ulong source)
    {
        var target = new Span<byte>(run.Memory.Resolve(destination), size);
        if (!run.Memory.Contains(source, (ulong)size))
        {
            target.Clear();
            return unchecked((ulong)-Errno.EFAULT);
        }

        new ReadOnlySpan<byte>(run.Memory.Resolve(source), size).CopyTo(target);
        return 0;
    }
}
