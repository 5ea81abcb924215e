using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// Program types whose context in memory is the structure of linux/bpf.h itself: its pointers are 64 bits wide there already, so an access stays what it is. (The kernel
/// computes many of these fields at each access; whoever calls such a program fills them in beforehand and takes over what the program stored.)
/// </summary>
public abstract class UapiContextType : ProgramTypeInfo
{
    public sealed override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
    {
        targetSize = Op.SizeBytes(insn.Code);
        output[0] = insn;
        return 1;
    }
}
