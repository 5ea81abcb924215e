using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_strtol, bpf_strtoul and bpf_strncmp, as kernel/bpf/helpers.c, 6.18.</summary>
[BpfHelpers]
public static unsafe class StringHelpers
{
    public static readonly HelperProto Strtol = new(BpfFuncId.Strtol, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg4Size = 8,
    };

    public static readonly HelperProto Strtoul = new(BpfFuncId.Strtoul, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.PtrToMem | ArgType.FixedSizeMem | ArgType.Uninit | ArgType.Write | ArgType.Aligned,
        Arg4Size = 8,
    };

    public static readonly HelperProto Strncmp = new(BpfFuncId.Strncmp, RetType.Integer)
    {
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.PtrToConstStr,
    };

    public static ulong StrncmpCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5)
    {
        byte* a = run.Memory.Resolve(r1), b = run.Memory.Resolve(r3);
        for (int i = 0; i < (int)r2; i++)
        {
            if (a[i] != b[i])
                return a[i] < b[i] ? ulong.MaxValue : 1;
            if (a[i] == 0)
                break;
        }

        return 0;
    }
}
