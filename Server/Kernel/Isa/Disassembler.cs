using System.Text;

namespace WebBpf.Kernel.Isa;

/// <summary>
/// Writes instructions as the kernel's verifier log does (print_bpf_insn in kernel/bpf/disasm.c, 6.18), without index and
/// line end: <c>(07) r2 += -8</c>. Allocates nothing beyond what the builder needs.
/// </summary>
public static class Disassembler
{
    // The kernel prints a missing operator through "%s" of NULL.
    private const string NoOperator = "(null)";

    private const int KnownHelpers = 212;

    /// <summary>Appends the instruction at <paramref name="index"/>. A 64-bit load reads the following slot where there is one.</summary>
    /// <param name="text">Receives the text.</param>
    /// <param name="insns">The program, or the part of it that is at hand.</param>
    /// <param name="index">The instruction, an index into <paramref name="insns"/>.</param>
    /// <param name="names">Names of kfuncs and loads; null as for a kernel without them.</param>
    /// <param name="allowPtrLeaks">False hides addresses of maps (they print as 0x0).</param>
    public static void Append(StringBuilder text, ReadOnlySpan<Insn> insns, int index, IDisasmNames? names = null, bool allowPtrLeaks = true)
    {
        ref readonly Insn insn = ref insns[index];
        switch (insn.Class)
        {
            case Op.Alu or Op.Alu64:
                AppendAlu(text, insn);
                break;
            case Op.Ld:
                AppendLd(text, insns, index, names, allowPtrLeaks);
                break;
            case Op.Ldx:
                AppendLdx(text, insn);
                break;
            case Op.St:
                AppendSt(text, insn);
                break;
            case Op.Stx:
                AppendStx(text, insn);
                break;
            default:
                AppendJump(text, insn, index, names);
                break;
        }
    }

    /// <summary>The line of one instruction.</summary>
    public static string Line(ReadOnlySpan<Insn> insns, int index, IDisasmNames? names = null)
    {
        var text = new StringBuilder(48);
        Append(text, insns, index, names);
        return text.ToString();
    }

    /// <summary>All lines with their indexes, as a listing: <c>0: (b7) r0 = 7</c>.</summary>
    public static List<string> Lines(ReadOnlySpan<Insn> insns, IDisasmNames? names = null)
    {
        var lines = new List<string>(insns.Length);
        var text = new StringBuilder(48);
        for (int i = 0; i < insns.Length; i += insns[i].Slots())
        {
            text.Clear().Append(i).Append(": ");
            Append(text, insns, i, names);
            lines.Add(text.ToString());
        }

        return lines;
    }

    private static void AppendAlu(StringBuilder text, in Insn insn)
    {
        char register = insn.Class == Op.Alu ? 'w' : 'r';
        ref readonly OpcodeInfo row = ref OpcodeTable.Get(insn.Code);
        AppendCode(text, insn.Code);
        if (Op.Code(insn.Code) == Op.End)
        {
            string word = insn.Class == Op.Alu64 ? "bswap" : (insn.Code & Op.X) == Op.ToBe ? "be" : "le";
            Register(text, 'r', insn.Dst).Append(" = ").Append(word).Append(insn.Imm);
            Register(text.Append(' '), 'r', insn.Dst);
        }
        else if (Op.Code(insn.Code) == Op.Neg)
        {
            Register(text, register, insn.Dst).Append(" = -");
            Register(text, register, insn.Dst);
        }
        else if (insn.IsAddressSpaceCast())
        {
            Register(text, 'r', insn.Dst).Append(" = addr_space_cast(");
            Register(text, 'r', insn.Src).Append(", ").Append((uint)insn.Imm >> 16).Append(", ").Append((ushort)insn.Imm).Append(')');
        }
        else if (insn.IsPercpuAddress())
        {
            Register(text, 'r', insn.Dst).Append(" = &(void __percpu *)(");
            Register(text, 'r', insn.Src).Append(')');
        }
        else
        {
            string word = !row.IsKnown ? NoOperator : insn.IsSignedDivMod() ? row.SignedOperator : row.Operator;
            Register(text, register, insn.Dst).Append(' ').Append(word).Append(' ');
            if ((insn.Code & Op.X) == 0)
                text.Append(insn.Imm);
            else
                Register(text.Append(Extension(insn)), register, insn.Src);
        }
    }

    private static string Extension(in Insn insn) => Op.Code(insn.Code) != Op.Mov ? "" : insn.Off switch
    {
        8 => "(s8)",
        16 => "(s16)",
        32 => "(s32)",
        _ => "",
    };

    private static void AppendLd(StringBuilder text, ReadOnlySpan<Insn> insns, int index, IDisasmNames? names, bool allowPtrLeaks)
    {
        ref readonly Insn insn = ref insns[index];
        switch (Op.Mode(insn.Code))
        {
            case Op.Abs:
                AppendCode(text, insn.Code).Append("r0 = *(").Append(Width(insn)).Append(" *)skb[").Append(insn.Imm).Append(']');
                break;
            case Op.Ind:
                AppendCode(text, insn.Code).Append("r0 = *(").Append(Width(insn)).Append(" *)skb[");
                Register(text, 'r', insn.Src).Append(" + ").Append(insn.Imm).Append(']');
                break;
            case Op.Imm when Op.SizeField(insn.Code) == Op.DW:
                ulong upper = index + 1 < insns.Length ? (uint)insns[index + 1].Imm : 0;
                ulong value = (upper << 32) | (uint)insn.Imm;
                if (!allowPtrLeaks && insn.Src is Op.PseudoMapFd or Op.PseudoMapValue)
                    value = 0;
                Register(AppendCode(text, insn.Code), 'r', insn.Dst).Append(" = ");
                if (names?.Imm64(insn, index, value) is { } name)
                    text.Append(name);
                else
                    AppendHex(text.Append("0x"), value);
                break;
            default:
                AppendBug(text, "BUG_ld_", insn.Code);
                break;
        }
    }

    private static void AppendLdx(StringBuilder text, in Insn insn)
    {
        bool signed = Op.Mode(insn.Code) == Op.MemSx;
        if (!signed && Op.Mode(insn.Code) != Op.Mem)
        {
            AppendBug(text, "BUG_ldx_", insn.Code);
            return;
        }

        string width = signed ? SignedWidth(insn) : Width(insn);
        Register(AppendCode(text, insn.Code), 'r', insn.Dst).Append(" = *(").Append(width).Append(" *)");
        Address(text, insn.Src, insn.Off);
    }

    private static void AppendSt(StringBuilder text, in Insn insn)
    {
        if (Op.Mode(insn.Code) == Op.Mem)
            Address(AppendCode(text, insn.Code).Append("*(").Append(Width(insn)).Append(" *)"), insn.Dst, insn.Off).Append(" = ").Append(insn.Imm);
        else if (Op.Mode(insn.Code) == Op.Atomic)
            AppendCode(text, insn.Code).Append("nospec");
        else
            AppendBug(text, "BUG_st_", insn.Code);
    }

    private static void AppendStx(StringBuilder text, in Insn insn)
    {
        if (Op.Mode(insn.Code) == Op.Mem)
        {
            Address(AppendCode(text, insn.Code).Append("*(").Append(Width(insn)).Append(" *)"), insn.Dst, insn.Off);
            Register(text.Append(" = "), 'r', insn.Src);
        }
        else if (Op.Mode(insn.Code) == Op.Atomic && AtomicOperations.TryGet(insn.Imm, out AtomicOperation operation))
        {
            AppendAtomic(text, insn, operation);
        }
        else
        {
            AppendBug(text, "BUG_", insn.Code);
        }
    }

    private static void AppendAtomic(StringBuilder text, in Insn insn, in AtomicOperation operation)
    {
        AppendCode(text, insn.Code);
        string suffix = Op.SizeField(insn.Code) == Op.DW ? "64" : "";
        switch (operation.Shape)
        {
            case AtomicShape.Locked:
                Address(text.Append("lock *(").Append(Width(insn)).Append(" *)"), insn.Dst, insn.Off);
                Register(text.Append(' ').Append(operation.Word).Append(' '), 'r', insn.Src);
                break;
            case AtomicShape.Fetch:
                Register(text, 'r', insn.Src).Append(" = atomic").Append(suffix).Append(operation.Word).Append("((").Append(Width(insn)).Append(" *)");
                Register(Address(text, insn.Dst, insn.Off).Append(", "), 'r', insn.Src).Append(')');
                break;
            case AtomicShape.CompareExchange:
                text.Append("r0 = atomic").Append(suffix).Append(operation.Word).Append("((").Append(Width(insn)).Append(" *)");
                Register(Address(text, insn.Dst, insn.Off).Append(", r0, "), 'r', insn.Src).Append(')');
                break;
            case AtomicShape.LoadAcquire:
                Register(text, 'r', insn.Dst).Append(" = load_acquire((").Append(Width(insn)).Append(" *)");
                Address(text, insn.Src, insn.Off).Append(')');
                break;
            default:
                Address(text.Append("store_release((").Append(Width(insn)).Append(" *)"), insn.Dst, insn.Off);
                Register(text.Append(", "), 'r', insn.Src).Append(')');
                break;
        }
    }

    private static void AppendJump(StringBuilder text, in Insn insn, int index, IDisasmNames? names)
    {
        AppendCode(text, insn.Code);
        if (Op.Code(insn.Code) == Op.Call)
        {
            AppendCall(text, insn, index, names);
            return;
        }

        if (insn.Code == (Op.Jmp | Op.Ja))
        {
            AppendTarget(text.Append("goto pc"), insn.Off);
        }
        else if (insn.IsMayGoto() && insn.Src == Op.MayGoto)
        {
            AppendTarget(text.Append("may_goto pc"), insn.Off);
        }
        else if (insn.Code == (Op.Jmp32 | Op.Ja))
        {
            AppendTarget(text.Append("gotol pc"), insn.Imm);
        }
        else if (insn.IsExit())
        {
            text.Append("exit");
        }
        else
        {
            char register = insn.Class == Op.Jmp32 ? 'w' : 'r';
            Register(text.Append("if "), register, insn.Dst).Append(' ').Append(JumpOperator(insn)).Append(' ');
            if ((insn.Code & Op.X) == 0)
                AppendHex(text.Append("0x"), (uint)insn.Imm);
            else
                Register(text, register, insn.Src);
            AppendTarget(text.Append(" goto pc"), insn.Off);
        }
    }

    private static string JumpOperator(in Insn insn) => OpcodeTable.Get(insn.Code) switch
    {
        { Form: InsnForm.JumpImm or InsnForm.JumpReg } row => row.Operator,
        _ when Op.Code(insn.Code) == Op.Ja => "jmp",
        _ when Op.Code(insn.Code) == Op.Exit => "exit",
        _ => NoOperator,
    };

    private static void AppendCall(StringBuilder text, in Insn insn, int index, IDisasmNames? names)
    {
        string? name = insn.Src == 0 && (uint)insn.Imm < KnownHelpers ? HelperNames.Of(insn.Imm) : null;
        name ??= names?.Call(insn, index);
        if (insn.Src != Op.PseudoCall)
        {
            name ??= insn.Src == Op.PseudoKfuncCall ? "kernel-function" : "unknown";
            text.Append("call ").Append(name).Append('#').Append(insn.Imm);
            return;
        }

        text.Append("call pc");
        if (name is null)
            AppendTarget(text, insn.Imm);
        else
            text.Append(name);
    }

    private static StringBuilder AppendCode(StringBuilder text, byte code)
    {
        AppendHexByte(text.Append('('), code);
        return text.Append(") ");
    }

    private static void AppendBug(StringBuilder text, string word, byte code) => AppendHexByte(text.Append(word), code);

    private static StringBuilder Register(StringBuilder text, char kind, int number) => text.Append(kind).Append(number);

    private static StringBuilder Address(StringBuilder text, int register, int offset)
    {
        Register(text.Append('('), 'r', register).Append(' ');
        AppendTarget(text, offset);
        return text.Append(')');
    }

    private static void AppendTarget(StringBuilder text, int distance)
    {
        if (distance >= 0)
            text.Append('+');
        text.Append(distance);
    }

    private static void AppendHexByte(StringBuilder text, byte value)
    {
        text.Append(Digit(value >> 4)).Append(Digit(value & 0xf));
    }

    private static void AppendHex(StringBuilder text, ulong value)
    {
        int shift = 60;
        while (shift > 0 && (value >> shift) == 0)
            shift -= 4;
        for (; shift >= 0; shift -= 4)
            text.Append(Digit((int)(value >> shift) & 0xf));
    }

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'a' + value - 10);

    private static string Width(in Insn insn) => Op.SizeField(insn.Code) switch
    {
        Op.B => "u8",
        Op.H => "u16",
        Op.W => "u32",
        _ => "u64",
    };

    private static string SignedWidth(in Insn insn) => Op.SizeField(insn.Code) switch
    {
        Op.B => "s8",
        Op.H => "s16",
        Op.W => "s32",
        _ => NoOperator,
    };
}
