using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Jit;

/// <summary>Registers that an instruction reads and (certainly) writes, a bit each.</summary>
internal readonly record struct RegisterUse(int Read, int Written)
{
    private const int CallerSaved = 0x3f;
    private const int AllArguments = 0x3e;

    /// <param name="insn">The instruction; the second slot of a 64-bit immediate uses nothing.</param>
    /// <param name="calleeArguments">For calls of subprograms: the arguments that the callee reads.</param>
    public static RegisterUse Of(in Insn insn, int calleeArguments)
    {
        int dst = 1 << insn.Dst;
        int src = 1 << insn.Src;
        int operand = (insn.Code & Op.X) != 0 ? src : 0;
        switch (insn.Class)
        {
            case Op.Alu:
            case Op.Alu64:
                int code = insn.Code & 0xf0;
                if (code == Op.End || code == Op.Neg)
                    return new RegisterUse(dst, dst);
                return new RegisterUse(code == Op.Mov ? operand : dst | operand, dst);
            case Op.Ldx:
                return new RegisterUse(src, dst);
            case Op.St:
                return new RegisterUse(Op.Mode(insn.Code) == Op.Mem ? dst : 0, 0);
            case Op.Stx:
                return Op.Mode(insn.Code) == Op.Atomic ? Atomic(insn, dst, src) : new RegisterUse(dst | src, 0);
            case Op.Ld:
                if (insn.IsLdImm64)
                    return new RegisterUse(0, dst);
                return insn.Code == 0 ? default : new RegisterUse((1 << Op.R6) | (Op.Mode(insn.Code) == Op.Ind ? src : 0), CallerSaved);
            default:
                return Jump(insn, dst, operand, calleeArguments);
        }
    }

    private static RegisterUse Atomic(in Insn insn, int dst, int src) => insn.Imm switch
    {
        Op.LoadAcquire => new RegisterUse(src, dst),
        Op.Cmpxchg => new RegisterUse(dst | src | 1, 1),
        _ => new RegisterUse(dst | src, insn.Imm != Op.StoreRelease && (insn.Imm & Op.Fetch) != 0 ? src : 0),
    };

    private static RegisterUse Jump(in Insn insn, int dst, int operand, int calleeArguments)
    {
        switch (insn.Code & 0xf0)
        {
            case Op.Ja:
            case Op.Jcond:
                return default;
            case Op.Exit:
                return new RegisterUse(1, 0);
            case Op.Call:
                int arguments = insn.Src == Op.PseudoCall ? calleeArguments : HelperArguments(insn);
                return new RegisterUse(arguments, CallerSaved);
            default:
                return new RegisterUse(dst | operand, 0);
        }
    }

    private static int HelperArguments(in Insn insn) =>
        insn.Src == 0 && HelperRegistry.Proto((BpfFuncId)insn.Imm) is { } proto ? ((1 << Count(proto)) - 1) << 1 : AllArguments;

    /// <summary>Arguments a helper takes, 0-5.</summary>
    public static int Count(HelperProto proto)
    {
        if (proto.Variadic)
            return 5;
        int count = 0;
        while (count < 5 && proto.Arg(count) != ArgType.DontCare)
            count++;
        return count;
    }
}
