using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Random numbers and the CPU that runs, as kernel/bpf/core.c and helpers.c, 6.18.</summary>
[BpfHelpers]
public static class CpuHelpers
{
    public static readonly HelperProto GetPrandomU32 = new(BpfFuncId.GetPrandomU32, RetType.Integer);

    public static readonly HelperProto GetSmpProcessorId = new(BpfFuncId.GetSmpProcessorId, RetType.Integer)
    {
        AllowFastcall = true,
    };

    public static readonly HelperProto GetNumaNodeId = new(BpfFuncId.GetNumaNodeId, RetType.Integer);

    public static ulong GetPrandomU32Call(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => (uint)Random.Shared.NextInt64(1L << 32);

    public static ulong GetSmpProcessorIdCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => (ulong)run.Cpu;

    public static ulong GetNumaNodeIdCall(RunContext run, ulong r1, ulong r2, ulong r3, ulong r4, ulong r5) => 0;
}
