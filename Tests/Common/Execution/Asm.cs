using WebBpf.Kernel.Isa;

namespace WebBpf.Tests.Common.Execution;

/// <summary>Instructions by short names, as the BPF_* macros of linux/filter.h name them.</summary>
internal static class Asm
{
    public static Insn Exit => new(Op.Jmp | Op.Exit, 0, 0, 0, 0);

    public static Insn Mov(int dst, int src) => new(Op.Alu64 | Op.Mov | Op.X, dst, src, 0, 0);

    public static Insn MovI(int dst, int imm) => new(Op.Alu64 | Op.Mov, dst, 0, 0, imm);

    public static Insn Alu(int code, int dst, int src) => new(Op.Alu64 | code | Op.X, dst, src, 0, 0);

    public static Insn AluI(int code, int dst, int imm) => new(Op.Alu64 | code, dst, 0, 0, imm);

    public static Insn Ldx(int size, int dst, int src, int off) => new(Op.Ldx | Op.Mem | size, dst, src, off, 0);

    public static Insn Stx(int size, int dst, int src, int off) => new(Op.Stx | Op.Mem | size, dst, src, off, 0);

    public static Insn St(int size, int dst, int off, int imm) => new(Op.St | Op.Mem | size, dst, 0, off, imm);

    public static Insn Jmp(int code, int dst, int src, int off) => new(Op.Jmp | code | Op.X, dst, src, off, 0);

    public static Insn JmpI(int code, int dst, int imm, int off) => new(Op.Jmp | code, dst, 0, off, imm);

    public static Insn Ja(int off) => new(Op.Jmp | Op.Ja, 0, 0, off, 0);

    public static Insn Call(int relative) => new(Op.Jmp | Op.Call, 0, Op.PseudoCall, 0, relative);

    public static Insn Helper(int id) => new(Op.Jmp | Op.Call, 0, 0, 0, id);

    public static Insn Atomic(int size, int operation, int dst, int src, int off) => new(Op.Stx | Op.Atomic | size, dst, src, off, operation);

    public static Insn[] Imm64(int dst, ulong value) => [new(Op.Ld | Op.Imm | Op.DW, dst, 0, 0, (int)(uint)value), new(0, 0, 0, 0, (int)(value >> 32))];
}
