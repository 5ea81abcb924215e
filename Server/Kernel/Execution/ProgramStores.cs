using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Execution;

/// <summary>Which arguments of a helper it may write through: where it says so (MEM_WRITE), and memory that need not be initialised.</summary>
internal static class ProgramStores
{
    /// <summary>Indexes (0-4) of the arguments that the helper of a call instruction writes memory through.</summary>
    public static IEnumerable<int> WrittenArguments(Insn call)
    {
        if (call.Src != 0 || HelperRegistry.Proto((BpfFuncId)call.Imm) is not { } proto)
            yield break;
        for (int i = 0; i < 5; i++)
        {
            ArgType type = proto.Arg(i);
            bool memory = (type & ArgType.BaseMask) is ArgType.PtrToMem or ArgType.PtrToMapValue or ArgType.PtrToSpinLock or ArgType.PtrToTimer or ArgType.KptrXchgDest;
            if (memory && (type & (ArgType.Write | ArgType.Uninit)) != 0)
                yield return i;
        }
    }
}
