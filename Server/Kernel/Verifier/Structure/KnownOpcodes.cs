using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Verifier.Structure;

/// <summary>The opcode bytes that exist (bpf_opcode_in_insntable, 6.18), without the 64-bit immediate load's second slot.</summary>
public static class KnownOpcodes
{
    public static bool Contains(int opcode)
    {
        int code = Op.Code(opcode), mode = Op.Mode(opcode), size = Op.SizeField(opcode);
        bool register = Op.Source(opcode) == Op.X;
        return (opcode & 7) switch
        {
            Op.Ld => mode == Op.Imm ? size == Op.DW : mode is Op.Abs or Op.Ind && size != Op.DW,
            Op.Ldx => mode == Op.Mem || (mode == Op.MemSx && size != Op.DW),
            Op.St => mode == Op.Mem,
            Op.Stx => mode is Op.Mem or Op.Atomic,
            Op.Alu => code <= Op.End && (code != Op.Neg || !register),
            Op.Alu64 => code <= Op.End && (code is not (Op.Neg or Op.End) || !register),
            Op.Jmp => code <= Op.Jcond && (code is not (Op.Ja or Op.Call or Op.Exit or Op.Jcond) || !register),
            _ => code <= Op.Jsle && code is not (Op.Call or Op.Exit) && (code != Op.Ja || !register),
        };
    }
}
