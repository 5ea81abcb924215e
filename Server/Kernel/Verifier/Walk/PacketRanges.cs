using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Comparisons of packet pointers with the packet's end: how many bytes are surely there on each side (try_match_pkt_pointers).</summary>
internal static class PacketRanges
{
    private const ulong MaxPacketOff = 0xffff;

    /// <summary>Learns of the packet's length; false where the comparison is none of this kind.</summary>
    public static bool TryMatch(Insn insn, VerifierState here, VerifierState there)
    {
        if (Op.Source(insn.Code) != Op.X || insn.Class == Op.Jmp32)
            return false;
        RegState dst = here.Regs[insn.Dst], src = here.Regs[insn.Src];
        bool dataFirst = (dst.Type == RegType.PtrToPacket && src.Type == RegType.PtrToPacketEnd)
            || (dst.Type == RegType.PtrToPacketMeta && IsStart(src));
        bool endFirst = (dst.Type == RegType.PtrToPacketEnd && src.Type == RegType.PtrToPacket)
            || (IsStart(dst) && src.Type == RegType.PtrToPacketMeta);
        if (!dataFirst && !endFirst)
            return false;
        RegState data = dataFirst ? dst : src;
        int regno = dataFirst ? insn.Dst : insn.Src;
        switch (Op.Code(insn.Code))
        {
            // data > end, end < data: the bytes before data are there where it does not hold.
            case Op.Jgt when dataFirst:
            case Op.Jlt when endFirst:
                Extend(here, data, open: false);
                MarkEnd(there, regno, open: true);
                return true;
            case Op.Jgt:
            case Op.Jlt:
                Extend(there, data, open: true);
                MarkEnd(here, regno, open: false);
                return true;
            // data >= end, end <= data
            case Op.Jge when dataFirst:
            case Op.Jle when endFirst:
                Extend(here, data, open: true);
                MarkEnd(there, regno, open: false);
                return true;
            case Op.Jge:
            case Op.Jle:
                Extend(there, data, open: false);
                MarkEnd(here, regno, open: true);
                return true;
            default:
                return false;
        }
    }

    private static bool IsStart(in RegState reg) =>
        reg.Type == RegType.PtrToPacket && reg.Id == 0 && reg.Off == 0 && reg.Bounds.Tnum.IsConst && reg.Bounds.Tnum.Value == 0;

    /// <summary>All pointers with this variable part may now be read up to the constant part (find_good_pkt_pointers).</summary>
    private static void Extend(VerifierState state, in RegState data, bool open)
    {
        if (data.Off < 0 || (data.Off == 0 && open))
            return;
        if (data.Bounds.UMax > MaxPacketOff || data.Bounds.UMax + (ulong)data.Off > MaxPacketOff)
            return;
        int range = data.Off + (open ? 1 : 0);
        for (int frame = 0; frame <= state.CurFrame; frame++)
        {
            FuncState func = state.Frames[frame]!;
            for (int i = 0; i < func.Regs.Length; i++)
                Extend(ref func.Regs[i], data, range);
            for (int i = 0; i < func.StackSlots; i++)
            {
                if (func.Stack[i].IsSpill)
                    Extend(ref func.Stack[i].Spilled, data, range);
            }
        }
    }

    private static void Extend(ref RegState reg, in RegState data, int range)
    {
        if (reg.Type == data.Type && reg.Id == data.Id)
            reg.Range = Math.Max(reg.Range, range);
    }

    private static void MarkEnd(VerifierState state, int regno, bool open)
    {
        ref RegState reg = ref state.Regs[regno];
        if (reg.Type == RegType.PtrToPacket)
            reg.Range = open ? RegState.BeyondPacketEnd : RegState.AtPacketEnd;
    }
}
