using System.Runtime.InteropServices;
using System.Text;
using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Helpers.Text;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>bpf_trace_printk and bpf_trace_vprintk, as kernel/trace/bpf_trace.c, 6.18.</summary>
[BpfHelpers]
public static class TraceHelpers
{
    public static readonly HelperProto TracePrintk = new(BpfFuncId.TracePrintk, RetType.Integer)
    {
        GplOnly = true,
        Variadic = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
    };

    public static readonly HelperProto TraceVprintk = new(BpfFuncId.TraceVprintk, RetType.Integer)
    {
        GplOnly = true,
        Arg1 = ArgType.PtrToMem | ArgType.RdOnly,
        Arg2 = ArgType.ConstSize,
        Arg3 = ArgType.PtrToMem | ArgType.MaybeNull | ArgType.RdOnly,
        Arg4 = ArgType.ConstSizeOrZero,
    };

    public static ulong TracePrintkCall(RunContext run, ulong format, ulong formatSize, ulong a1, ulong a2, ulong a3) =>
        Print(run, HelperMemory.Bytes(run, format, formatSize), [a1, a2, a3]);

    public static ulong TraceVprintkCall(RunContext run, ulong format, ulong formatSize, ulong arguments, ulong size, ulong r5)
    {
        if ((uint)size % 8 != 0 || (uint)size > TextFormat.MaxArguments * 8 || ((uint)size != 0 && arguments == 0))
            return HelperMemory.Result(-Errno.EINVAL);
        return Print(run, HelperMemory.Bytes(run, format, formatSize), MemoryMarshal.Cast<byte, ulong>(HelperMemory.Bytes(run, arguments, size)));
    }

    /// <summary>Returns the length of the text, or EINVAL.</summary>
    private static ulong Print(RunContext run, ReadOnlySpan<byte> format, ReadOnlySpan<ulong> arguments)
    {
        Span<byte> text = stackalloc byte[TextFormat.MaxText];
        int length = TextFormat.Format(run, format, arguments, text);
        if (length >= 0)
            run.Services.Trace(run, Encoding.Latin1.GetString(text[..text.IndexOf((byte)0)].TrimEnd((byte)'\n')));
        return HelperMemory.Result(length);
    }
}
