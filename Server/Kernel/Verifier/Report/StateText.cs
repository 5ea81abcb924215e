using System.Globalization;
using System.Text;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Report;

/// <summary>
/// Writes registers, stack slots and references as the kernel's log does: <c> R1=ctx() R10=fp0 fp-8=mmmmmmmm</c>. As print_verifier_state,
/// print_reg_state and print_scalar_ranges in kernel/bpf/log.c (6.18).
/// </summary>
internal static class StateText
{
    // Numbers outside these print in hex.
    private const ulong UnsignedDecimalMax = ushort.MaxValue;

    private static readonly string[] RangeNames = ["smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32"];

    /// <summary>
    /// Appends the line's text with its leading blank and its line end. Without <paramref name="printAll"/> only what is scratched,
    /// and nothing is scratched afterwards.
    /// </summary>
    public static void Append(StringBuilder text, FuncState frame, VerifierState state, bool printAll, Scratch scratch)
    {
        if (frame.FrameNo != 0)
            text.Append(CultureInfo.InvariantCulture, $" frame{frame.FrameNo}:");
        for (int i = 0; i < Op.MaxRegs; i++)
        {
            if (frame.Regs[i].Type == RegType.NotInit || (!printAll && !scratch.HasReg(i)))
                continue;
            text.Append(CultureInfo.InvariantCulture, $" R{i}=");
            AppendReg(text, frame, frame.Regs[i]);
        }

        for (int i = 0; i < frame.StackSlots; i++)
        {
            if (frame.Stack[i].Types == 0 || (!printAll && !scratch.HasSlot(i)))
                continue;
            text.Append(CultureInfo.InvariantCulture, $" fp{(-i - 1) * StackSlot.Size}=");
            AppendSlot(text, frame, frame.Stack[i]);
        }

        for (int i = 0; i < state.References.Count; i++)
            text.Append(i == 0 ? " refs=" : ",").Append(state.References[i].Id);
        if (frame.InCallback)
            text.Append(" cb");
        if (frame.InAsyncCallback)
            text.Append(" async_cb");
        text.Append('\n');
        if (!printAll)
            scratch.Clear();
    }

    /// <summary>All that is known of a frame, straight to the log.</summary>
    public static void Write(VerifierLog log, FuncState frame, VerifierState state, Scratch scratch)
    {
        var text = new StringBuilder(256);
        Append(text, frame, state, printAll: true, scratch);
        log.Write(text.ToString());
    }

    /// <summary>What one register holds: <c>scalar(id=1,smin=0)</c>, <c>fp-8</c>, <c>P7</c>.</summary>
    public static void AppendReg(StringBuilder text, FuncState frame, in RegState reg)
    {
        RegType type = reg.Type;
        Tnum tnum = reg.Bounds.Tnum;
        if (type == RegType.Scalar && reg.Precise)
            text.Append('P');
        if (type == RegType.Scalar && tnum.IsConst)
        {
            Signed(text, (long)tnum.Value);
            return;
        }

        text.Append(type.Text());
        text.Append(reg.Object?.Name);
        if (type == RegType.PtrToArena)
            return;
        if (type == RegType.PtrToStack)
        {
            if (frame.FrameNo != reg.FrameNo)
                text.Append('[').Append(reg.FrameNo).Append(']');
            if (tnum.IsConst)
            {
                Signed(text, (long)tnum.Value + reg.Off);
                return;
            }
        }

        text.Append('(');
        AppendFields(text, reg);
        text.Append(')');
    }

    /// <summary>What one stack slot holds: the eight bytes' kinds, or those above a spill and the spilled register.</summary>
    public static void AppendSlot(StringBuilder text, FuncState frame, in StackSlot slot)
    {
        int shown = 8;
        if (slot.IsSpill)
        {
            shown = 0;
            while (slot[shown] != SlotType.Spill)
                shown++;
        }

        for (int i = 0; i < shown; i++)
        {
            text.Append(slot[i] switch
            {
                SlotType.Invalid => '?',
                SlotType.Spill => 'r',
                SlotType.Misc => 'm',
                SlotType.Zero => '0',
                SlotType.Dynptr => 'd',
                SlotType.Iter => 'i',
                _ => 'f',
            });
        }

        if (slot.IsSpill)
            AppendReg(text, frame, slot.Spilled);
    }

    private static void AppendFields(StringBuilder text, in RegState reg)
    {
        RegType type = reg.Type;
        Tnum tnum = reg.Bounds.Tnum;
        string separator = "";
        if (reg.Id != 0)
        {
            Field(text, ref separator, "id=").Append(reg.Id & ~RegState.AddConst);
            if ((reg.Id & RegState.AddConst) != 0)
                text.Append(reg.Off < 0 ? "" : "+").Append(reg.Off);
        }

        if (reg.RefObjId != 0)
            Field(text, ref separator, "ref_obj_id=").Append(reg.RefObjId);
        if (type.NamesMap() && reg.Map is { } map)
        {
            if (map.Definition.Name.Length != 0)
                Field(text, ref separator, "map=").Append(map.Definition.Name);
            Field(text, ref separator, "ks=").Append(map.KeySize).Append(",vs=").Append(map.ValueSize);
        }

        if (type != RegType.Scalar && reg.Off != 0)
            Signed(Field(text, ref separator, "off="), reg.Off);
        if (type.IsPacket())
            Unsigned(Field(text, ref separator, "r="), (ulong)reg.Range);
        if (type.Base() == RegType.PtrToMem)
            Unsigned(Field(text, ref separator, "sz="), reg.MemSize);
        if (tnum.IsConst)
        {
            if (tnum.Value != 0)
                Signed(Field(text, ref separator, "imm="), (long)tnum.Value);
            return;
        }

        AppendRanges(text, ref separator, reg.Bounds);
        if (!tnum.IsUnknown)
            Field(text, ref separator, "var_off=").Append(tnum);
    }

    // Equal bounds share one number, but negative ones never with positive ones.
    private static void AppendRanges(StringBuilder text, ref string separator, in Bounds b)
    {
        ReadOnlySpan<ulong> values =
        [
            (ulong)b.SMin, (ulong)b.SMax, b.UMin, b.UMax, Signed32(b.S32Min), Signed32(b.S32Max), b.U32Min, b.U32Max,
        ];
        Span<bool> done =
        [
            b.SMin == long.MinValue, b.SMax == long.MaxValue, b.UMin == 0, b.UMax == ulong.MaxValue,
            b.S32Min == int.MinValue, b.S32Max == int.MaxValue, b.U32Min == 0, b.U32Max == uint.MaxValue,
        ];
        for (int i = 0; i < values.Length; i++)
        {
            if (done[i])
                continue;
            bool signed = RangeNames[i][0] == 's';
            bool negative = signed && (long)values[i] < 0;
            Field(text, ref separator, RangeNames[i]).Append('=');
            for (int j = i + 2; j < values.Length; j += 2)
            {
                if (done[j] || values[j] != values[i] || (RangeNames[j][0] == 's' && (long)values[j] < 0) != negative)
                    continue;
                done[j] = true;
                text.Append(RangeNames[j]).Append('=');
            }

            if (signed)
                Signed(text, (long)values[i]);
            else
                Unsigned(text, values[i]);
        }
    }

    // A 32-bit bound that will print in hex is not sign-extended.
    private static ulong Signed32(int value) => value is >= short.MinValue and <= short.MaxValue ? (ulong)value : (uint)value;

    private static StringBuilder Field(StringBuilder text, ref string separator, string name)
    {
        text.Append(separator).Append(name);
        separator = ",";
        return text;
    }

    private static void Signed(StringBuilder text, long value)
    {
        if (value is >= short.MinValue and <= short.MaxValue)
            text.Append(value);
        else
            Hex(text, (ulong)value);
    }

    private static void Unsigned(StringBuilder text, ulong value)
    {
        if (value <= UnsignedDecimalMax)
            text.Append(value);
        else
            Hex(text, value);
    }

    private static void Hex(StringBuilder text, ulong value) => text.Append("0x").Append(value.ToString("x", CultureInfo.InvariantCulture));
}
