namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>Parses instructions that begin with a register: arithmetic, moves, loads, byte order, atomics with a result.</summary>
internal sealed class AsmAssignment(AsmScanner scanner, AsmOutput output, List<AsmReference> references, IAsmSymbols? symbols)
{
    private readonly AsmOperands _operands = new(scanner, output);

    /// <summary>Parses from the scanner's position.</summary>
    /// <param name="wide">The opcode before the instruction said that a number is a 64-bit load.</param>
    public void Parse(bool wide)
    {
        int start = scanner.Position;
        if (!scanner.TakeRegister(out int dst, out bool is32))
            throw scanner.Error("an instruction");
        if (scanner.Take("="))
            ParseValue(dst, is32, wide, start);
        else
            ParseArithmetic(dst, is32);
    }

    private void ParseArithmetic(int dst, bool is32)
    {
        OpcodeInfo best = default;
        bool signed = false;
        int at = scanner.Here;
        foreach (OpcodeInfo row in OpcodeTable.All)
        {
            if (row.Form != InsnForm.AluImm || row.Is32Bit != is32)
                continue;
            scanner.Position = at;
            if (scanner.Take(row.Operator))
                best = row;
            scanner.Position = at;
            if (row.SignedOperator != row.Operator && scanner.Take(row.SignedOperator))
                (best, signed) = (row, true);
        }

        scanner.Position = at;
        if (best.Operator is null)
            throw scanner.Error("'=' or an arithmetic operator (+= -= *= /= %= s/= s%= |= &= ^= <<= >>= s>>=)");
        scanner.Demand(signed ? best.SignedOperator : best.Operator);
        int off = signed ? 1 : 0;
        if (scanner.TakeRegister(out int src, out bool src32))
        {
            DemandWidth(src32, is32);
            output.Add(new Insn(best.Code | Op.X, dst, src, off, 0));
        }
        else
        {
            output.Add(new Insn(best.Code, dst, 0, off, _operands.Imm32("a register or a number", wraps: is32)));
        }
    }

    private void ParseValue(int dst, bool is32, bool wide, int start)
    {
        int mov = (is32 ? Op.Alu : Op.Alu64) | Op.Mov;
        if (scanner.TakeRegister(out int src, out bool src32))
        {
            DemandWidth(src32, is32);
            output.Add(new Insn(mov | Op.X, dst, src, 0, 0));
        }
        else if (TakeNegation(dst, is32))
        {
            output.Add(new Insn((is32 ? Op.Alu : Op.Alu64) | Op.Neg, dst, 0, 0, 0));
        }
        else if (scanner.TakeNumber(out AsmNumber number))
        {
            ParseNumber(dst, is32, wide, number);
        }
        else if (scanner.Peek() == '(')
        {
            ParseSignExtension(dst, is32, mov);
        }
        else if (scanner.Peek() == '&')
        {
            ParsePercpuAddress(dst, is32, mov);
        }
        else if (is32)
        {
            throw scanner.Error("a 32-bit register, a number or a sign extension");
        }
        else
        {
            ParseWide(dst, start);
        }
    }

    // What only r registers take: loads, atomics, byte order, casts, pseudo loads.
    private void ParseWide(int dst, int start)
    {
        if (scanner.Peek() == '*')
            ParseLoad(dst, start);
        else if (scanner.TakePrefix("bswap"))
            ParseSwap(dst, Op.Alu64 | Op.End);
        else if (scanner.TakePrefix("be"))
            ParseSwap(dst, Op.Alu | Op.End | Op.ToBe);
        else if (scanner.TakePrefix("le"))
            ParseSwap(dst, Op.Alu | Op.End | Op.ToLe);
        else if (scanner.Take("addr_space_cast"))
            ParseCast(dst);
        else if (scanner.Take("load_acquire"))
            ParseLoadAcquire(dst);
        else if (scanner.TakePrefix("atomic"))
            ParseAtomic(dst);
        else
            ParsePseudo(dst);
    }

    private bool TakeNegation(int dst, bool is32)
    {
        int at = scanner.Here;
        if (scanner.TakePrefix("-") && scanner.TakeRegister(out int src, out bool src32))
        {
            if (src != dst || src32 != is32)
                throw scanner.ErrorAt(at, "the negation of the register itself");
            return true;
        }

        scanner.Position = at;
        return false;
    }

    private void ParseNumber(int dst, bool is32, bool wide, in AsmNumber number)
    {
        if (!is32 && (scanner.Take("ll") || wide))
            AddWide(dst, 0, (int)number.Bits, (int)(number.Bits >> 32));
        else
            output.Add(new Insn((is32 ? Op.Alu : Op.Alu64) | Op.Mov, dst, 0, 0, _operands.ToImm32(number, wraps: is32)));
    }

    private void ParseSignExtension(int dst, bool is32, int mov)
    {
        scanner.Demand("(");
        int bits = scanner.Take("s8") ? 8 : scanner.Take("s16") ? 16 : !is32 && scanner.Take("s32") ? 32 : throw scanner.Error(is32 ? "s8 or s16" : "s8, s16 or s32");
        scanner.Demand(")");
        int src = _operands.Register(out bool src32);
        DemandWidth(src32, is32);
        output.Add(new Insn(mov | Op.X, dst, src, bits, 0));
    }

    private void ParsePercpuAddress(int dst, bool is32, int mov)
    {
        foreach (string word in (ReadOnlySpan<string>)["&", "(", "void", "__percpu", "*", ")", "("])
            scanner.Demand(word);
        int src = _operands.Register(out bool src32);
        DemandWidth(src32 || is32, false);
        scanner.Demand(")");
        output.Add(new Insn(mov | Op.X, dst, src, InsnPredicates.PercpuAddressOff, 0));
    }

    private void ParseLoad(int dst, int start)
    {
        int size = _operands.PointerWidth(out bool signed);
        if (!scanner.Take("skb"))
        {
            (int src, int off) = _operands.Address();
            output.Add(new Insn(Op.Ldx | (signed ? Op.MemSx : Op.Mem) | size, dst, src, off, 0));
            return;
        }

        if (dst != 0 || signed || size == Op.DW)
            throw scanner.ErrorAt(start, "r0 and u8, u16 or u32 for a load from the packet");
        scanner.Demand("[");
        bool indirect = scanner.TakeRegister(out int register, out _);
        if (indirect)
            scanner.Demand("+");
        int imm = _operands.Imm32(indirect ? "a number" : "a register or a number", wraps: false);
        scanner.Demand("]");
        output.Add(new Insn(Op.Ld | (indirect ? Op.Ind : Op.Abs) | size, 0, register, 0, imm));
    }

    private void ParseSwap(int dst, int code)
    {
        int bits = scanner.Take("16") ? 16 : scanner.Take("32") ? 32 : scanner.Take("64") ? 64 : throw scanner.Error("16, 32 or 64");
        int at = scanner.Here;
        if (_operands.Register(out bool is32) != dst || is32)
            throw scanner.ErrorAt(at, "the same register");
        output.Add(new Insn(code, dst, 0, 0, bits));
    }

    private void ParseCast(int dst)
    {
        scanner.Demand("(");
        int src = _operands.Register(out bool is32);
        DemandWidth(is32, false);
        scanner.Demand(",");
        long to = _operands.Ranged("an address space of 16 bits", 0, ushort.MaxValue);
        scanner.Demand(",");
        long from = _operands.Ranged("an address space of 16 bits", 0, ushort.MaxValue);
        scanner.Demand(")");
        output.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, dst, src, InsnPredicates.AddressSpaceCastOff, (int)((to << 16) | from)));
    }

    private void ParseLoadAcquire(int dst)
    {
        scanner.Demand("(");
        scanner.Demand("(");
        int size = _operands.WidthBeforeStar(out _);
        (int src, int off) = _operands.Address();
        scanner.Demand(")");
        output.Add(new Insn(Op.Stx | Op.Atomic | size, dst, src, off, Op.LoadAcquire));
    }

    // "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", "r0 = atomic_cmpxchg((u32 *)(r1 +0), r0, r2)".
    private void ParseAtomic(int result)
    {
        bool wide = scanner.TakePrefix("64");
        AtomicOperation operation = default;
        foreach (AtomicOperation row in AtomicOperations.All)
        {
            if (row.Shape is AtomicShape.Fetch or AtomicShape.CompareExchange && scanner.Take(row.Word))
            {
                operation = row;
                break;
            }
        }

        if (operation.Word is null)
            throw scanner.Error("_fetch_add, _fetch_or, _fetch_and, _fetch_xor, _xchg or _cmpxchg");
        scanner.Demand("(");
        scanner.Demand("(");
        int size = _operands.WidthBeforeStar(out _);
        if (wide != (size == Op.DW))
            throw scanner.Error("u64 with atomic64, smaller widths with atomic");
        (int dst, int off) = _operands.Address();
        scanner.Demand(",");
        if (operation.Shape == AtomicShape.CompareExchange)
        {
            scanner.Demand("r0");
            scanner.Demand(",");
        }

        int at = scanner.Here;
        int src = _operands.Register(out _);
        scanner.Demand(")");
        if (result != (operation.Shape == AtomicShape.CompareExchange ? 0 : src))
            throw scanner.ErrorAt(at, operation.Shape == AtomicShape.CompareExchange ? "r0 as the result of cmpxchg" : "the register that takes the result");
        output.Add(new Insn(Op.Stx | Op.Atomic | size, dst, src, off, operation.Imm));
    }

    // map[name], map_fd[5], map_value[name]+8, map_fd_value[5]+8, map_idx[0], map_idx_value[0]+8, func[label], func[+5], btf[id], btf[id, fd]; "ll" may follow.
    private void ParsePseudo(int dst)
    {
        if (scanner.Take("map["))
            AddNamedMap(dst, Op.PseudoMapFd);
        else if (scanner.Take("map_value["))
            AddNamedMap(dst, Op.PseudoMapValue);
        else if (scanner.Take("map_fd["))
            AddMap(dst, Op.PseudoMapFd, Closed("a descriptor"));
        else if (scanner.Take("map_fd_value["))
            AddMap(dst, Op.PseudoMapValue, Closed("a descriptor"));
        else if (scanner.Take("map_idx["))
            AddMap(dst, Op.PseudoMapIdx, Closed("an index into fd_array"));
        else if (scanner.Take("map_idx_value["))
            AddMap(dst, Op.PseudoMapIdxValue, Closed("an index into fd_array"));
        else if (scanner.Take("func["))
            ParseFunc(dst);
        else if (scanner.Take("btf["))
            ParseBtf(dst);
        else
            throw scanner.Error("a register, a number, a load, be16/le16/bswap16, map[name], map_value[name]+N, func[label] or btf[id]");
        scanner.Take("ll");
    }

    private int Closed(string what)
    {
        int value = _operands.Imm32(what, wraps: false);
        scanner.Demand("]");
        return value;
    }

    private void AddNamedMap(int dst, int pseudo)
    {
        if (!scanner.TakeName(out string name))
            throw scanner.Error("the name of a map");
        scanner.Demand("]");
        int? fd = symbols?.MapFd(name);
        references.Add(new AsmReference(AsmReferenceKind.Map, name, output.Insns.Count, output.Line, fd is not null));
        AddMap(dst, pseudo, fd ?? 0);
    }

    private void AddMap(int dst, int pseudo, int imm)
    {
        int offset = 0;
        if (pseudo is Op.PseudoMapValue or Op.PseudoMapIdxValue && scanner.Peek() is '+' or '-')
            offset = _operands.Imm32("an offset of 32 bits", wraps: true);
        AddWide(dst, pseudo, imm, offset);
    }

    private void ParseFunc(int dst)
    {
        int index = output.Insns.Count;
        int at = scanner.Here;
        if (_operands.TakePcTarget(out int distance, int.MinValue, int.MaxValue))
            AddWide(dst, Op.PseudoFunc, distance, 0);
        else if (scanner.TakeName(out string label))
        {
            AddWide(dst, Op.PseudoFunc, 0, 0);
            output.Fixups.Add(new AsmFixup(index, AsmTargetField.Imm, label, output.Line, at + 1));
        }
        else
        {
            throw scanner.Error("a label or a distance");
        }

        scanner.Demand("]");
    }

    private void ParseBtf(int dst)
    {
        int id = _operands.Imm32("a BTF type id", wraps: false);
        int fd = scanner.Take(",") ? _operands.Imm32("a descriptor", wraps: false) : 0;
        scanner.Demand("]");
        AddWide(dst, Op.PseudoBtfId, id, fd);
    }

    private void AddWide(int dst, int pseudo, int low, int high)
    {
        output.Add(new Insn(Op.Ld | Op.Imm | Op.DW, dst, pseudo, 0, low));
        output.Add(new Insn(0, 0, 0, 0, high));
    }

    private void DemandWidth(bool given, bool wanted)
    {
        if (given != wanted)
            throw scanner.Error(wanted ? "a 32-bit register (w)" : "a 64-bit register (r)");
    }
}
