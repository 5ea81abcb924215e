namespace WebBpf.Kernel.Isa;

/// <summary>
/// The one table of opcodes: all of RFC 9669 and what Linux 6.18 adds, by opcode byte. It feeds the disassembler, the
/// assembler, the checks of structure and docs/instructions.md. The set of known bytes is the kernel's public table
/// (BPF_INSN_MAP in linux/filter.h, 6.18).
/// </summary>
public static class OpcodeTable
{
    private const InsnFields DstSrc = InsnFields.Dst | InsnFields.Src;
    private const InsnFields DstImm = InsnFields.Dst | InsnFields.Imm;

    private static readonly (int Code, string Operator, string Signed)[] Arithmetic =
    [
        (Op.Add, "+=", ""), (Op.Sub, "-=", ""), (Op.Mul, "*=", ""), (Op.Div, "/=", "s/="), (Op.Or, "|=", ""), (Op.And, "&=", ""), (Op.Lsh, "<<=", ""),
        (Op.Rsh, ">>=", ""), (Op.Mod, "%=", "s%="), (Op.Xor, "^=", ""), (Op.Mov, "=", ""), (Op.Arsh, "s>>=", ""),
    ];

    private static readonly (int Code, string Operator)[] Conditions =
    [
        (Op.Jeq, "=="), (Op.Jgt, ">"), (Op.Jge, ">="), (Op.Jset, "&"), (Op.Jne, "!="), (Op.Jsgt, "s>"), (Op.Jsge, "s>="), (Op.Jlt, "<"),
        (Op.Jle, "<="), (Op.Jslt, "s<"), (Op.Jsle, "s<="),
    ];

    private static readonly (int Code, string Unsigned, string Signed)[] Sizes =
        [(Op.B, "u8", "s8"), (Op.H, "u16", "s16"), (Op.W, "u32", "s32"), (Op.DW, "u64", "")];

    private static readonly OpcodeInfo[] Rows = Build();

    /// <summary>The row of an opcode byte.</summary>
    public static ref readonly OpcodeInfo Get(byte code) => ref Rows[code];

    /// <summary>All 256 rows, in order.</summary>
    public static ReadOnlySpan<OpcodeInfo> All => Rows;

    /// <summary>True where the byte is an instruction ("unknown opcode" otherwise).</summary>
    public static bool IsKnown(byte code) => Rows[code].Form != InsnForm.None;

    /// <summary>
    /// True where the instruction exists with these fields: reserved fields are zero, registers exist, and off and imm have a
    /// meaning where they select a variant. Says nothing about jump targets or about the second slot of a 64-bit load.
    /// </summary>
    public static bool IsWellFormed(in Insn insn)
    {
        ref readonly OpcodeInfo row = ref Rows[insn.Code];
        if (row.Form == InsnForm.None || !RegistersExist(insn, row))
            return false;
        if ((row.Fields & InsnFields.Off) == 0 && insn.Off != 0 && !IsOffVariant(insn, row))
            return false;
        if ((row.Fields & InsnFields.Imm) == 0 && insn.Imm != 0 && !InsnPredicates.IsAddressSpaceCast(insn))
            return false;
        return row.Form switch
        {
            InsnForm.ByteOrder or InsnForm.ByteSwap => insn.Imm is 16 or 32 or 64,
            InsnForm.Atomic => IsAtomic(insn),
            InsnForm.LoadImm64 => insn.Src <= Op.PseudoMapIdxValue,
            InsnForm.Call => insn.Src <= Op.PseudoKfuncCall && (insn.Off == 0 || insn.Src == Op.PseudoKfuncCall),
            _ => true,
        };
    }

    private static bool RegistersExist(in Insn insn, in OpcodeInfo row)
    {
        bool dst = (row.Fields & InsnFields.Dst) != 0 ? insn.Dst < Op.MaxRegs : insn.Dst == 0;
        if (row.Form is InsnForm.LoadImm64 or InsnForm.Call)
            return dst;
        return dst && ((row.Fields & InsnFields.Src) != 0 ? insn.Src < Op.MaxRegs : insn.Src == 0);
    }

    private static bool IsOffVariant(in Insn insn, in OpcodeInfo row) => row.Form switch
    {
        InsnForm.AluImm => InsnPredicates.IsSignedDivMod(insn),
        InsnForm.AluReg => InsnPredicates.IsSignedDivMod(insn) || InsnPredicates.IsAddressSpaceCast(insn) || InsnPredicates.IsMovSx(insn),
        InsnForm.Call => true,
        _ => false,
    };

    private static bool IsAtomic(in Insn insn) => insn.Imm switch
    {
        Op.LoadAcquire or Op.StoreRelease => true,
        _ when Op.SizeField(insn.Code) is Op.B or Op.H => false,
        Op.Xchg or Op.Cmpxchg => true,
        _ => (insn.Imm & ~Op.Fetch) is Op.Add or Op.Or or Op.And or Op.Xor,
    };

    private static OpcodeInfo[] Build()
    {
        var rows = new OpcodeInfo[256];
        for (int code = 0; code < rows.Length; code++)
            rows[code] = new OpcodeInfo((byte)code, InsnForm.None, "", "", "", InsnFields.None);
        AddArithmetic(rows);
        AddMemory(rows);
        AddJumps(rows);
        return rows;
    }

    private static void AddArithmetic(OpcodeInfo[] rows)
    {
        foreach (int width in (int[])[Op.Alu, Op.Alu64])
        {
            foreach ((int code, string text, string signed) in Arithmetic)
            {
                Set(rows, width | code | Op.K, InsnForm.AluImm, text, DstImm, signed);
                Set(rows, width | code | Op.X, InsnForm.AluReg, text, DstSrc, signed);
            }

            Set(rows, width | Op.Neg, InsnForm.Neg, "-", InsnFields.Dst);
        }

        Set(rows, Op.Alu | Op.End | Op.ToLe, InsnForm.ByteOrder, "le", DstImm);
        Set(rows, Op.Alu | Op.End | Op.ToBe, InsnForm.ByteOrder, "be", DstImm);
        Set(rows, Op.Alu64 | Op.End, InsnForm.ByteSwap, "bswap", DstImm);
    }

    private static void AddMemory(OpcodeInfo[] rows)
    {
        const InsnFields load = DstSrc | InsnFields.Off;
        foreach ((int size, string unsigned, string signed) in Sizes)
        {
            Set(rows, Op.Ldx | Op.Mem | size, InsnForm.LoadMem, "=", load, width: unsigned);
            Set(rows, Op.St | Op.Mem | size, InsnForm.StoreImm, "=", DstImm | InsnFields.Off, width: unsigned);
            Set(rows, Op.Stx | Op.Mem | size, InsnForm.StoreReg, "=", load, width: unsigned);
            Set(rows, Op.Stx | Op.Atomic | size, InsnForm.Atomic, "lock", load | InsnFields.Imm, width: unsigned);
            if (size == Op.DW)
                continue;
            Set(rows, Op.Ldx | Op.MemSx | size, InsnForm.LoadMemSx, "=", load, width: signed);
            Set(rows, Op.Ld | Op.Abs | size, InsnForm.LoadAbs, "=", InsnFields.Imm, width: unsigned);
            Set(rows, Op.Ld | Op.Ind | size, InsnForm.LoadInd, "=", InsnFields.Src | InsnFields.Imm, width: unsigned);
        }

        Set(rows, Op.Ld | Op.Imm | Op.DW, InsnForm.LoadImm64, "=", DstSrc | InsnFields.Imm);
    }

    private static void AddJumps(OpcodeInfo[] rows)
    {
        foreach (int width in (int[])[Op.Jmp, Op.Jmp32])
        {
            foreach ((int code, string text) in Conditions)
            {
                Set(rows, width | code | Op.K, InsnForm.JumpImm, text, DstImm | InsnFields.Off);
                Set(rows, width | code | Op.X, InsnForm.JumpReg, text, DstSrc | InsnFields.Off);
            }
        }

        Set(rows, Op.Jmp | Op.Ja, InsnForm.Goto, "goto", InsnFields.Off);
        Set(rows, Op.Jmp32 | Op.Ja, InsnForm.GotoLong, "gotol", InsnFields.Imm);
        Set(rows, Op.Jmp | Op.Jcond, InsnForm.MayGoto, "may_goto", InsnFields.Off);
        Set(rows, Op.Jmp | Op.Call, InsnForm.Call, "call", InsnFields.Src | InsnFields.Imm);
        Set(rows, Op.Jmp | Op.Exit, InsnForm.Exit, "exit", InsnFields.None);
    }

    private static void Set(OpcodeInfo[] rows, int code, InsnForm form, string text, InsnFields fields, string signed = "", string width = "") =>
        rows[code] = new OpcodeInfo((byte)code, form, text, signed.Length > 0 ? signed : text, width, fields);
}
