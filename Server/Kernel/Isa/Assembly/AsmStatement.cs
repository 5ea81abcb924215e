namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>Parses one instruction: decides by its first words which form of the opcode table it is.</summary>
internal sealed class AsmStatement(AsmScanner scanner, AsmOutput output, List<AsmReference> references, IAsmSymbols? symbols)
{
    private readonly AsmOperands _operands = new(scanner, output);
    private readonly AsmAssignment _assignment = new(scanner, output, references, symbols);

    /// <summary>Parses from the scanner's position and adds one instruction (one or two slots).</summary>
    /// <exception cref="AsmException">The line is no instruction.</exception>
    public void Parse()
    {
        int start = scanner.Position;
        if (scanner.Take(".insn"))
        {
            ParseRaw();
            return;
        }

        int? code = TakeCode();
        int index = output.Insns.Count;
        if (!ParseWord())
            _assignment.Parse(wide: code == (Op.Ld | Op.Imm | Op.DW));
        if (code is { } given && output.Insns[index].Code != given)
            throw scanner.ErrorAt(start, $"opcode ({output.Insns[index].Code:x2}) before this instruction");
    }

    // "(b7)"; "(u8)" and kin never begin an instruction.
    private int? TakeCode()
    {
        if (scanner.Peek() != '(')
            return null;
        scanner.Demand("(");
        if (!scanner.TakeHex(2, out ulong code))
            throw scanner.Error("two hex digits of an opcode");
        scanner.Demand(")");
        return (int)code;
    }

    private bool ParseWord()
    {
        if (scanner.Take("exit"))
            output.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
        else if (scanner.Take("goto"))
            _operands.AddJump(new Insn(Op.Jmp | Op.Ja, 0, 0, 0, 0), AsmTargetField.Off);
        else if (scanner.Take("gotol"))
            _operands.AddJump(new Insn(Op.Jmp32 | Op.Ja, 0, 0, 0, 0), AsmTargetField.Imm);
        else if (scanner.Take("may_goto"))
            _operands.AddJump(new Insn(Op.Jmp | Op.Jcond, 0, 0, 0, 0), AsmTargetField.Off);
        else if (scanner.Take("if"))
            ParseIf();
        else if (scanner.Take("call"))
            ParseCall();
        else if (scanner.Take("lock"))
            ParseLocked();
        else if (scanner.Take("store_release"))
            ParseStoreRelease();
        else if (scanner.Peek() == '*')
            ParseStore();
        else
            return false;
        return true;
    }

    private void ParseIf()
    {
        int dst = _operands.Register(out bool is32);
        int width = is32 ? Op.Jmp32 : Op.Jmp;
        int operation = Condition();
        if (scanner.TakeRegister(out int src, out bool src32))
        {
            if (src32 != is32)
                throw scanner.Error("registers of one width");
            scanner.Demand("goto");
            _operands.AddJump(new Insn(width | operation | Op.X, dst, src, 0, 0), AsmTargetField.Off);
            return;
        }

        int imm = _operands.Imm32("a register or a number", wraps: true);
        scanner.Demand("goto");
        _operands.AddJump(new Insn(width | operation | Op.K, dst, 0, 0, imm), AsmTargetField.Off);
    }

    private int Condition()
    {
        OpcodeInfo best = default;
        int at = scanner.Here;
        foreach (OpcodeInfo row in OpcodeTable.All)
        {
            if (row.Form != InsnForm.JumpImm || row.Is32Bit || row.Operator.Length <= (best.Operator?.Length ?? 0))
                continue;
            scanner.Position = at;
            if (scanner.Take(row.Operator))
                best = row;
        }

        scanner.Position = at;
        if (best.Operator is null)
            throw scanner.Error("a comparison (== != > >= < <= & s> s>= s< s<=)");
        scanner.Demand(best.Operator);
        return Op.Code(best.Code);
    }

    // "call bpf_map_lookup_elem", with or without "#1"; "call 1"; "call #1"; "call pc+3"; "call label"; "call kfunc[id]".
    private void ParseCall()
    {
        const int code = Op.Jmp | Op.Call;
        if (scanner.TakePrefix("#") || char.IsAsciiDigit(scanner.Peek()) || scanner.Peek() == '-')
        {
            output.Add(new Insn(code, 0, 0, 0, _operands.Imm32("the number of a helper", wraps: false)));
            return;
        }

        if (_operands.TakePcTarget(out int distance, int.MinValue, int.MaxValue))
        {
            output.Add(new Insn(code, 0, Op.PseudoCall, 0, distance));
            return;
        }

        int at = scanner.Here;
        if (scanner.Take("kfunc["))
        {
            ParseKfunc();
            return;
        }

        if (scanner.TakePrefix("kernel-function#"))
        {
            output.Add(new Insn(code, 0, Op.PseudoKfuncCall, 0, _operands.Imm32("a BTF id", wraps: false)));
            return;
        }

        if (!scanner.TakeName(out string name))
            throw scanner.Error("a helper, its number, pc+N or a label");
        bool numbered = scanner.TakePrefix("#");
        int number = numbered ? _operands.Imm32("a number", wraps: false) : 0;
        if (HelperNames.TryParse(name, out int id) && (!numbered || number == id))
            output.Add(new Insn(code, 0, 0, 0, id));
        else if (numbered && name == "unknown")
            output.Add(new Insn(code, 0, 0, 0, number));
        else if (numbered && name.StartsWith("bpf_", StringComparison.Ordinal) && HelperNames.TryParse(name, out _))
            throw scanner.ErrorAt(at, $"{name}#{id}");
        else if (numbered)
            output.Add(new Insn(code, 0, Op.PseudoKfuncCall, 0, number));
        else
            _operands.AddLabel(new Insn(code, 0, Op.PseudoCall, 0, 0), AsmTargetField.Imm, name, at);
    }

    // "kfunc[1234]", "kfunc[1234, 1]" with the index of a module's BTF, "kfunc[bpf_name]".
    private void ParseKfunc()
    {
        int imm = 0;
        int off = 0;
        if (scanner.TakeName(out string name))
        {
            int? id = symbols?.KfuncId(name);
            imm = id ?? 0;
            references.Add(new AsmReference(AsmReferenceKind.Kfunc, name, output.Insns.Count, output.Line, id is not null));
        }
        else
        {
            imm = _operands.Imm32("a BTF id or the name of a kernel function", wraps: false);
            if (scanner.Take(","))
                off = (int)_operands.Ranged("an index of 16 bits", short.MinValue, short.MaxValue);
        }

        scanner.Demand("]");
        output.Add(new Insn(Op.Jmp | Op.Call, 0, Op.PseudoKfuncCall, off, imm));
    }

    private void ParseStore()
    {
        int size = _operands.PointerWidth(out bool signed);
        if (signed)
            throw scanner.Error("an unsigned width (u8, u16, u32, u64)");
        (int dst, int off) = _operands.Address();
        scanner.Demand("=");
        if (scanner.TakeRegister(out int src, out _))
            output.Add(new Insn(Op.Stx | Op.Mem | size, dst, src, off, 0));
        else
            output.Add(new Insn(Op.St | Op.Mem | size, dst, 0, off, _operands.Imm32("a register or a number", wraps: size != Op.DW)));
    }

    private void ParseLocked()
    {
        int size = _operands.PointerWidth(out _);
        (int dst, int off) = _operands.Address();
        foreach (AtomicOperation operation in AtomicOperations.All)
        {
            if (operation.Shape != AtomicShape.Locked || !scanner.Take(operation.Word))
                continue;
            output.Add(new Insn(Op.Stx | Op.Atomic | size, dst, _operands.Register(out _), off, operation.Imm));
            return;
        }

        throw scanner.Error("an atomic operator (+= |= &= ^=)");
    }

    private void ParseStoreRelease()
    {
        scanner.Demand("(");
        scanner.Demand("(");
        int size = _operands.WidthBeforeStar(out _);
        (int dst, int off) = _operands.Address();
        scanner.Demand(",");
        int src = _operands.Register(out _);
        scanner.Demand(")");
        output.Add(new Insn(Op.Stx | Op.Atomic | size, dst, src, off, Op.StoreRelease));
    }

    // ".insn code=0x8d dst=1 src=2 off=3 imm=4"; what is absent is 0.
    private void ParseRaw()
    {
        Span<long> fields = stackalloc long[5];
        fields.Clear();
        ReadOnlySpan<string> names = ["code", "dst", "src", "off", "imm"];
        while (!scanner.AtEnd)
        {
            if (!scanner.TakeName(out string name) || names.IndexOf(name) is not (>= 0 and int field))
                throw scanner.Error("code=, dst=, src=, off= or imm=");
            scanner.Demand("=");
            fields[field] = field switch
            {
                0 => _operands.Ranged("an opcode byte", 0, 255),
                1 or 2 => _operands.Ranged("a register number of 4 bits", 0, 15),
                3 => _operands.Ranged("an offset of 16 bits", short.MinValue, short.MaxValue),
                _ => _operands.Imm32("a number of 32 bits", wraps: true),
            };
        }

        output.Add(new Insn((int)fields[0], (int)fields[1], (int)fields[2], (int)fields[3], (int)fields[4]));
    }
}
