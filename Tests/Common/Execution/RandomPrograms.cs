using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;
using static WebBpf.Tests.Common.Execution.Asm;

namespace WebBpf.Tests.Common.Execution;

/// <summary>
/// Programs made by chance that always end: forward jumps everywhere, one counted loop around all of it. R1 stays the context, R9 the loop counter; R0 and R2-R8 are
/// played with; loads and stores go to the context and the stack.
/// </summary>
/// <param name="seed">Makes the sequence of programs repeatable.</param>
/// <param name="verifiable">Only what the kernel's verifier lets through where R1 points to a packet: no shift counts or divisors out of range, atomics on the stack only.</param>
internal sealed class RandomPrograms(int seed, bool verifiable = false)
{
    private static readonly int[] AluCodes =
        [Op.Add, Op.Sub, Op.Mul, Op.Div, Op.Or, Op.And, Op.Lsh, Op.Rsh, Op.Neg, Op.Mod, Op.Xor, Op.Mov, Op.Arsh, Op.End];

    private static readonly int[] JumpCodes = [Op.Jeq, Op.Jgt, Op.Jge, Op.Jset, Op.Jne, Op.Jsgt, Op.Jsge, Op.Jlt, Op.Jle, Op.Jslt, Op.Jsle];
    private static readonly int[] Sizes = [Op.B, Op.H, Op.W, Op.DW];
    private static readonly int[] AtomicCodes =
        [Op.Add, Op.And, Op.Or, Op.Xor, Op.Add | Op.Fetch, Op.And | Op.Fetch, Op.Or | Op.Fetch, Op.Xor | Op.Fetch, Op.Xchg, Op.Cmpxchg];

    private readonly Random _random = new(seed);

    /// <param name="length">Instructions of the body, about.</param>
    /// <param name="rounds">Times the body runs.</param>
    public VerifiedProgram Next(int length, int rounds) => ExecutionHarness.Program([.. Body(length, rounds), Exit]);

    /// <summary>The same without the exit.</summary>
    public List<Insn> Body(int length, int rounds)
    {
        var insns = new List<Insn>();
        for (int register = 0; register <= 8; register++)
        {
            if (register != 1)
                insns.AddRange(Imm64(register, Number()));
        }

        for (int slot = 8; slot <= 64; slot += 8)
            insns.Add(Stx(Op.DW, 10, 2 + slot / 16, -slot));
        insns.Add(MovI(9, rounds));
        int start = insns.Count;
        while (insns.Count < start + length)
            insns.Add(One(start + length - insns.Count - 1));
        // Everything that was computed counts: fold it into R0.
        for (int register = 2; register <= 8; register++)
        {
            insns.Add(AluI(Op.Mul, 0, 31));
            insns.Add(Alu(Op.Xor, 0, register));
        }

        insns.Add(AluI(Op.Sub, 9, 1));
        insns.Add(new Insn(Op.Jmp | Op.Jeq, 9, 0, 1, 0));
        insns.Add(new Insn(Op.Jmp32 | Op.Ja, 0, 0, 0, start - insns.Count - 1));
        return insns;
    }

    private Insn One(int left)
    {
        int dst = Register(), src = Register();
        switch (_random.Next(12))
        {
            case 0 or 1 when left > 1:
                int opClass = _random.Next(2) == 0 ? Op.Jmp : Op.Jmp32;
                int off = _random.Next(Math.Min(left, 40));
                int code = Pick(JumpCodes);
                return _random.Next(2) == 0 ? new Insn(opClass | code | Op.X, dst, src, off, 0) : new Insn(opClass | code, dst, 0, off, Small());
            case 2:
                int mode = Pick([Op.Mem, Op.Mem, Op.MemSx]);
                return new Insn(Op.Ldx | mode | Pick(mode == Op.MemSx ? Sizes[..3] : Sizes), dst, Pointer(out int from), from, 0);
            case 3:
                return Stx(Pick(Sizes), Pointer(out int to), src, to);
            case 4:
                return St(Pick(Sizes), Pointer(out int at), at, Small());
            case 5:
                int target = Pointer(out int where, onStack: verifiable);
                return Atomic(Pick([Op.W, Op.DW]), Pick(AtomicCodes), target, src, where & ~7);
            default:
                return Arithmetic(dst, src);
        }
    }

    private Insn Arithmetic(int dst, int src)
    {
        int opClass = _random.Next(2) == 0 ? Op.Alu : Op.Alu64;
        int code = Pick(AluCodes);
        bool register = _random.Next(2) == 0;
        switch (code)
        {
            case Op.Neg:
                return new Insn(opClass | code, dst, 0, 0, 0);
            case Op.End:
                return new Insn(opClass | code | (opClass == Op.Alu && register ? Op.ToBe : 0), dst, 0, 0, Pick([16, 32, 64]));
            case Op.Mov when register:
                return new Insn(opClass | code | Op.X, dst, src, Pick(opClass == Op.Alu64 ? [0, 8, 16, 32] : [0, 8, 16]), 0);
            case Op.Div or Op.Mod:
                return new Insn(opClass | code | (register ? Op.X : 0), dst, register ? src : 0, _random.Next(2), register ? 0 : Divisor());
            case Op.Lsh or Op.Rsh or Op.Arsh when verifiable && !register:
                return new Insn(opClass | code, dst, 0, 0, _random.Next(opClass == Op.Alu ? 32 : 64));
            default:
                return new Insn(opClass | code | (register ? Op.X : 0), dst, register ? src : 0, 0, register ? 0 : Small());
        }
    }

    // The context, or the frame with its eight slots of numbers.
    private int Pointer(out int offset, bool onStack = false)
    {
        bool stack = onStack || _random.Next(2) == 0;
        offset = stack ? -8 * _random.Next(1, 9) : _random.Next(ExecutionHarness.ContextBytes - 8);
        return stack ? 10 : 1;
    }

    private int Divisor()
    {
        int imm = Small();
        return imm == 0 && verifiable ? 1 : imm;
    }

    private int Register() => Pick([0, 2, 3, 4, 5, 6, 7, 8]);

    private int Small() => _random.Next(4) == 0 ? _random.Next(int.MinValue, int.MaxValue) : Pick([0, 1, -1, 2, 3, 7, 8, 31, 63, 255, int.MaxValue, int.MinValue]);

    private ulong Number() => _random.Next(3) == 0 ? (ulong)_random.NextInt64(long.MinValue, long.MaxValue) : (ulong)Small();

    private int Pick(int[] from) => from[_random.Next(from.Length)];
}
