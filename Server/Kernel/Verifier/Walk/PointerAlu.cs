using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Pointer plus or minus scalar (adjust_ptr_min_max_vals).</summary>
internal static class PointerAlu
{
    private const long MaxVarOff = 1 << 29;

    /// <summary>Operators as messages name them (bpf_alu_string).</summary>
    public static string OperatorName(int code) => code switch
    {
        Op.Add => "+=",
        Op.Sub => "-=",
        Op.Mul => "*=",
        Op.Div => "/=",
        Op.Or => "|=",
        Op.And => "&=",
        Op.Lsh => "<<=",
        Op.Rsh => ">>=",
        Op.Neg => "neg",
        Op.Mod => "%=",
        Op.Xor => "^=",
        Op.Mov => "=",
        Op.Arsh => "s>>=",
        _ => "endian",
    };

    /// <param name="pointer">The pointer operand; it may be the destination itself.</param>
    /// <param name="offset">The scalar operand; it may be the destination too (scalar += pointer).</param>
    public static int Adjust(Walker w, Insn insn, ref RegState pointer, ref RegState offset)
    {
        int code = Op.Code(insn.Code), regno = insn.Dst;
        ref RegState dst = ref w.Regs[regno];
        Bounds off = offset.Bounds;
        bool known = off.IsConst;
        if ((known && (off.SMin != off.SMax || off.UMin != off.UMax)) || off.SMin > off.SMax || off.UMin > off.UMax)
        {
            w.MarkUnknown(ref dst);
            return 0;
        }

        if (insn.Class != Op.Alu64)
        {
            if (code == Op.Sub && w.AllowPointerLeaks)
            {
                w.MarkUnknown(ref dst);
                return 0;
            }

            return Refuse(w, $"R{regno} 32-bit pointer arithmetic prohibited\n");
        }

        string kind = pointer.Type.Text();
        if (pointer.Type.MayBeNull())
            return Refuse(w, $"R{regno} pointer arithmetic on {kind} prohibited, null-check it first\n");
        if (!MayMove(pointer.Type.Base(), known, known && off.SMin == 0 && code == Op.Add))
            return Refuse(w, $"R{regno} pointer arithmetic on {kind} prohibited\n");

        RegState from = pointer;
        bool scalarFirst = dst.Type == RegType.Scalar;
        dst.Type = from.Type;
        dst.Id = from.Id;
        if (!SaneOffset(w, off, offset.Type == from.Type ? from.Off : 0, kind) || !SaneOffset(w, from.Bounds, from.Off, kind))
            return -Errno.EINVAL;

        int error = code switch
        {
            Op.Add => Add(w, ref dst, from, off, known),
            Op.Sub => Subtract(w, regno, ref dst, from, off, known, scalarFirst),
            Op.And or Op.Or or Op.Xor => Refuse(w, $"R{regno} bitwise operator {OperatorName(code)} on pointer prohibited\n"),
            _ => Refuse(w, $"R{regno} pointer arithmetic with {OperatorName(code)} operator prohibited\n"),
        };
        if (error != 0)
            return error;
        if (!SaneOffset(w, dst.Bounds, dst.Off, kind))
            return -Errno.EINVAL;
        dst.Bounds.Sync();
        return 0;
    }

    private static int Refuse(Walker w, string message)
    {
        w.Log.Write(message);
        return -Errno.EACCES;
    }

    private static bool MayMove(RegType kind, bool known, bool addsZero) => kind switch
    {
        RegType.PtrToCtx or RegType.PtrToMapValue or RegType.PtrToMapKey or RegType.PtrToStack or RegType.PtrToPacketMeta
            or RegType.PtrToPacket or RegType.PtrToTpBuffer or RegType.PtrToBtfId or RegType.PtrToMem or RegType.PtrToBuf
            or RegType.PtrToFunc or RegType.ConstPtrToDynptr => true,
        RegType.PtrToFlowKeys => known || addsZero,
        RegType.ConstPtrToMap => addsZero,
        _ => false,
    };

    /// <summary>What stands beside the offset: map, range, size.</summary>
    private static void CopyRaw(ref RegState dst, in RegState from)
    {
        dst.Map = from.Map;
        dst.Range = from.Range;
        dst.MapUid = from.MapUid;
    }

    private static int Add(Walker w, ref RegState dst, in RegState from, in Bounds off, bool known)
    {
        CopyRaw(ref dst, from);
        Bounds b = from.Bounds;
        b.SetUnbounded32();
        if (known && from.Off + off.SMin == (int)(from.Off + off.SMin))
        {
            dst.Bounds = b;
            dst.Off = (int)(from.Off + off.SMin);
            return 0;
        }

        dst.Off = from.Off;
        if (Overflows(b.SMin, off.SMin) || Overflows(b.SMax, off.SMax))
        {
            b.SMin = long.MinValue;
            b.SMax = long.MaxValue;
        }
        else
        {
            b.SMin += off.SMin;
            b.SMax += off.SMax;
        }

        if (b.UMin + off.UMin < b.UMin || b.UMax + off.UMax < b.UMax)
        {
            b.UMin = 0;
            b.UMax = ulong.MaxValue;
        }
        else
        {
            b.UMin += off.UMin;
            b.UMax += off.UMax;
        }

        b.Tnum += off.Tnum;
        dst.Bounds = b;
        if (from.Type.IsPacket())
        {
            dst.Id = w.NextId();
            dst.Range = 0;
            dst.Map = null;
        }

        return 0;
    }

    private static int Subtract(Walker w, int regno, ref RegState dst, in RegState from, in Bounds off, bool known, bool scalarFirst)
    {
        if (scalarFirst)
            return Refuse(w, $"R{regno} tried to subtract pointer from scalar\n");
        if (from.Type == RegType.PtrToStack)
            return Refuse(w, $"R{regno} subtraction from stack pointer prohibited\n");
        Bounds b = from.Bounds;
        b.SetUnbounded32();
        if (known && from.Off - off.SMin == (int)(from.Off - off.SMin))
        {
            dst.Bounds = b;
            dst.Off = (int)(from.Off - off.SMin);
            return 0;
        }

        if (Underflows(b.SMin, off.SMax) || Underflows(b.SMax, off.SMin))
        {
            b.SMin = long.MinValue;
            b.SMax = long.MaxValue;
        }
        else
        {
            b.SMin -= off.SMax;
            b.SMax -= off.SMin;
        }

        if (b.UMin < off.UMax)
        {
            b.UMin = 0;
            b.UMax = ulong.MaxValue;
        }
        else
        {
            b.UMin -= off.UMax;
            b.UMax -= off.UMin;
        }

        b.Tnum -= off.Tnum;
        dst.Bounds = b;
        if (from.Type.IsPacket())
        {
            dst.Id = w.NextId();
            // Something was added: what was known of the packet's length no longer holds.
            if (off.SMin < 0)
                dst.Range = 0;
        }

        return 0;
    }

    private static bool Overflows(long a, long b) => ((a ^ (a + b)) & (b ^ (a + b))) < 0;

    private static bool Underflows(long a, long b) => ((a ^ b) & (a ^ (a - b))) < 0;

    /// <summary>As check_reg_sane_offset.</summary>
    private static bool SaneOffset(Walker w, in Bounds b, int off, string kind)
    {
        long value = (long)b.Tnum.Value;
        string? message = null;
        if (b.IsConst && (value >= MaxVarOff || value <= -MaxVarOff))
            message = $"math between {kind} pointer and {value} is not allowed\n";
        else if (off >= MaxVarOff || off <= -MaxVarOff)
            message = $"{kind} pointer offset {off} is not allowed\n";
        else if (b.SMin == long.MinValue)
            message = $"math between {kind} pointer and register with unbounded min value is not allowed\n";
        else if (b.SMin >= MaxVarOff || b.SMin <= -MaxVarOff)
            message = $"value {b.SMin} makes {kind} pointer be out of bounds\n";
        if (message is null)
            return true;
        w.Log.Write(message);
        return false;
    }
}
