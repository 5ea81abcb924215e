namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>Operands that several forms share: registers, numbers, addresses, jump targets.</summary>
internal sealed class AsmOperands(AsmScanner scanner, AsmOutput output)
{
    /// <summary>A register, r0-r15 or w0-w15 (numbers beyond 10 exist in the encoding; the verifier refuses them).</summary>
    public int Register(out bool is32) =>
        scanner.TakeRegister(out int number, out is32) ? number : throw scanner.Error("a register (r0-r10, w0-w10)");

    public long Ranged(string what, long low, long high)
    {
        int at = scanner.Here;
        if (!scanner.TakeNumber(out AsmNumber number) || !number.Within(low, high))
            throw scanner.ErrorAt(at, what);
        return (long)number.Bits;
    }

    /// <summary>An immediate of 32 bits. Where <paramref name="wraps"/>, also unsigned ones (the kernel prints those of jumps so).</summary>
    public int Imm32(string what, bool wraps)
    {
        int at = scanner.Here;
        if (!scanner.TakeNumber(out AsmNumber number))
            throw scanner.ErrorAt(at, what);
        return ToImm32(number, wraps);
    }

    public int ToImm32(in AsmNumber number, bool wraps)
    {
        if (!number.Within(int.MinValue, wraps ? uint.MaxValue : int.MaxValue))
            throw scanner.ErrorAt(number.Position, wraps ? "a number of 32 bits" : "a signed number of 32 bits (a 64-bit load has 'll' behind it)");
        return (int)number.Bits;
    }

    /// <summary>"*(u32 *)": the size bits of an opcode.</summary>
    public int PointerWidth(out bool signed)
    {
        scanner.Demand("*");
        scanner.Demand("(");
        return WidthBeforeStar(out signed);
    }

    /// <summary>"u32 *)", what follows an opening parenthesis.</summary>
    public int WidthBeforeStar(out bool signed)
    {
        ReadOnlySpan<string> words = ["u8", "u16", "u32", "u64", "s8", "s16", "s32"];
        ReadOnlySpan<int> sizes = [Op.B, Op.H, Op.W, Op.DW];
        for (int i = 0; i < words.Length; i++)
        {
            if (!scanner.Take(words[i]))
                continue;
            scanner.Demand("*");
            scanner.Demand(")");
            signed = i > 3;
            return sizes[i & 3];
        }

        throw scanner.Error("a width (u8, u16, u32, u64, s8, s16, s32)");
    }

    /// <summary>"(r1 +8)"; the offset may be absent.</summary>
    public (int Register, int Offset) Address()
    {
        scanner.Demand("(");
        int register = Register(out bool is32);
        if (is32)
            throw scanner.Error("a 64-bit register");
        long offset = 0;
        if (scanner.Peek() != ')')
        {
            int at = scanner.Here;
            bool spaced = scanner.TakePrefix("+");
            bool negative = !spaced && scanner.TakePrefix("-");
            if ((!spaced && !negative) || !scanner.TakeNumber(out AsmNumber number) || !number.Within(-32768, 32768))
                throw scanner.ErrorAt(at, "an offset of 16 bits with its sign, or ')'");
            offset = negative ? -(long)number.Bits : (long)number.Bits;
            if (offset is < short.MinValue or > short.MaxValue)
                throw scanner.ErrorAt(at, "an offset of 16 bits with its sign, or ')'");
        }

        scanner.Demand(")");
        return (register, (int)offset);
    }

    /// <summary>"pc+2" or "+2".</summary>
    public bool TakePcTarget(out int distance, int low, int high)
    {
        distance = 0;
        int at = scanner.Here;
        scanner.TakePrefix("pc");
        if (scanner.Peek() is not ('+' or '-'))
        {
            scanner.Position = at;
            return false;
        }

        distance = (int)Ranged($"a distance from {low} to {high}", low, high);
        return true;
    }

    /// <summary>Adds a jump whose target follows: a distance or a label.</summary>
    public void AddJump(Insn insn, AsmTargetField field)
    {
        (int low, int high) = field == AsmTargetField.Off ? (short.MinValue, short.MaxValue) : (int.MinValue, int.MaxValue);
        if (TakePcTarget(out int distance, low, high))
        {
            output.Add(field == AsmTargetField.Off ? insn with { Off = (short)distance } : insn with { Imm = distance });
            return;
        }

        int at = scanner.Here;
        if (!scanner.TakeName(out string label))
            throw scanner.Error("a target: +N, pc+N or a label");
        AddLabel(insn, field, label, at);
    }

    /// <summary>Adds an instruction that refers to a label.</summary>
    public void AddLabel(Insn insn, AsmTargetField field, string label, int position)
    {
        output.Fixups.Add(new AsmFixup(output.Insns.Count, field, label, output.Line, position + 1));
        output.Add(insn);
    }
}
