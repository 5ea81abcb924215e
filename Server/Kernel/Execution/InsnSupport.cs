using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Execution;

/// <summary>Demands before anything runs that each instruction of a program is one that both engines execute.</summary>
internal static class InsnSupport
{
    // Modes of class LDX that rewrites put in for loads that must not fault (linux/filter.h).
    private const int ProbeMem = 0x20;
    private const int ProbeMemSx = 0x40;

    /// <exception cref="InvalidOperationException">An instruction is outside the set, or the parts of the program do not fit together.</exception>
    public static void Demand(VerifiedProgram program)
    {
        if (program.Facts.Length != program.Insns.Length)
            throw new InvalidOperationException("A verified program needs one fact per instruction.");
        if (program.Subprogs.Length == 0 || program.Subprogs[0].Start != 0 || program.Subprogs[^1].End != program.Insns.Length)
            throw new InvalidOperationException("The subprograms of a verified program must cover it.");
        for (int i = 0; i < program.Insns.Length; i++)
        {
            Insn insn = program.Insns[i];
            if (!Known(insn) || insn.Dst > Op.RegAx || (!HasPseudoSource(insn) && insn.Src > Op.RegAx))
                throw new InvalidOperationException($"Instruction {i} (code 0x{insn.Code:x2}, off {insn.Off}, imm {insn.Imm}) cannot be executed.");
            if (insn.IsLdImm64)
                i++;
        }
    }

    private static bool HasPseudoSource(in Insn insn) => insn.IsLdImm64 || insn.Class is Op.Jmp or Op.Jmp32 || (insn.Class is Op.Alu or Op.Alu64 && (insn.Code & Op.X) == 0);

    private static bool Known(in Insn insn) => insn.Class switch
    {
        Op.Alu or Op.Alu64 => KnownAlu(insn),
        Op.Jmp or Op.Jmp32 => KnownJump(insn),
        Op.Ld => insn.IsLdImm64 || (Op.Mode(insn.Code) is Op.Abs or Op.Ind && Op.SizeField(insn.Code) != Op.DW),
        Op.Ldx => Op.Mode(insn.Code) switch
        {
            Op.Mem or ProbeMem => true,
            Op.MemSx or ProbeMemSx => Op.SizeField(insn.Code) != Op.DW,
            _ => false,
        },
        Op.St => Op.Mode(insn.Code) is Op.Mem or Op.Atomic,
        _ => Op.Mode(insn.Code) == Op.Mem || (Op.Mode(insn.Code) == Op.Atomic && KnownAtomic(insn)),
    };

    private static bool KnownAlu(in Insn insn)
    {
        bool wide = insn.Class == Op.Alu64;
        bool register = (insn.Code & Op.X) != 0;
        return (insn.Code & 0xf0) switch
        {
            Op.Div or Op.Mod => insn.Off is 0 or 1,
            Op.Mov => insn.Off == 0 || (register && (insn.Off is 8 or 16 || (wide && insn.Off is 32 or 1))),
            Op.End => insn.Imm is 16 or 32 or 64 && !(wide && register),
            Op.Neg => !register,
            <= Op.Arsh => true,
            _ => false,
        };
    }

    private static bool KnownJump(in Insn insn)
    {
        bool wide = insn.Class == Op.Jmp;
        return (insn.Code & 0xf0) switch
        {
            Op.Ja => (insn.Code & Op.X) == 0,
            Op.Call => wide && insn.Src <= Op.PseudoKfuncCall,
            Op.Exit or Op.Jcond => wide,
            <= Op.Jslt or Op.Jsle => true,
            _ => false,
        };
    }

    private static bool KnownAtomic(in Insn insn) => insn.Imm switch
    {
        Op.LoadAcquire or Op.StoreRelease => true,
        _ when Op.SizeField(insn.Code) is not (Op.W or Op.DW) => false,
        Op.Xchg or Op.Cmpxchg => true,
        _ => (insn.Imm & ~Op.Fetch) is Op.Add or Op.And or Op.Or or Op.Xor,
    };
}
