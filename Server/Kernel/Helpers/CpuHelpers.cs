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
}
