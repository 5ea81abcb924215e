using WebBpf.Kernel.Isa;

namespace WebBpf.Kernel.Interpreter;

/// <summary>Conditions of jumps (classes JMP and JMP32; RFC 9669, section 4.3). JMP32 compares the low halves.</summary>
internal static unsafe class JumpStep
{
    public static bool Taken(in Insn insn, ulong* r)
    {
        ulong left = r[insn.Dst];
        ulong right = (insn.Code & Op.X) != 0 ? r[insn.Src] : (ulong)insn.Imm;
        if (insn.Class == Op.Jmp32)
        {
            // Sign extension keeps the order of both the signed and the unsigned 32-bit numbers.
            left = (ulong)(int)left;
            right = (ulong)(int)right;
        }

        return (insn.Code & 0xf0) switch
        {
            Op.Jeq => left == right,
            Op.Jne => left != right,
            Op.Jgt => left > right,
            Op.Jge => left >= right,
            Op.Jlt => left < right,
            Op.Jle => left <= right,
            Op.Jsgt => (long)left > (long)right,
            Op.Jsge => (long)left >= (long)right,
            Op.Jslt => (long)left < (long)right,
            Op.Jsle => (long)left <= (long)right,
            _ => (left & right) != 0,
        };
    }
}
