using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Walk;

/// <summary>Copies of one scalar in registers and slots: what a comparison teaches of one holds for all (collect_linked_regs, sync_linked_regs).</summary>
internal sealed class LinkedValues
{
    private const int Max = 6;

    private readonly List<LinkedRegister> _values = new(Max);

    public int Count => _values.Count;

    public void Clear() => _values.Clear();

    public LinkedRegister[] ToArray() => [.. _values];

    /// <summary>Adds all live registers and all slots with an id; those beyond the sixth lose theirs.</summary>
    public void Collect(VerifierState state, InsnAux[] aux, uint id)
    {
        id &= ~RegState.AddConst;
        for (int frame = state.CurFrame; frame >= 0; frame--)
        {
            FuncState func = state.Frames[frame]!;
            int live = aux[state.FrameInsnIdx(frame)].LiveRegsBefore;
            for (int i = 0; i < Op.R10; i++)
            {
                if ((live >> i & 1) != 0)
                    Collect(ref func.Regs[i], id, new LinkedRegister((byte)frame, (byte)i, false));
            }

            for (int i = 0; i < func.StackSlots; i++)
            {
                if (func.Stack[i].IsSpill)
                    Collect(ref func.Stack[i].Spilled, id, new LinkedRegister((byte)frame, (byte)i, true));
            }
        }
    }

    /// <summary>Gives the bounds of one register to the others; a difference is added.</summary>
    public void Sync(VerifierState state, int regno)
    {
        RegState known = state.Regs[regno];
        foreach (LinkedRegister value in _values)
        {
            if (!value.IsSlot && value.Frame == state.CurFrame && value.Index == regno)
                continue;
            FuncState func = state.Frames[value.Frame]!;
            ref RegState reg = ref value.IsSlot ? ref func.Stack[value.Index].Spilled : ref func.Regs[value.Index];
            if (reg.Type != RegType.Scalar || (reg.Id & ~RegState.AddConst) != (known.Id & ~RegState.AddConst))
                continue;
            if (((reg.Id | known.Id) & RegState.AddConst) == 0 || reg.Off == known.Off)
            {
                reg = known;
                continue;
            }

            // Differences of 32 and of 64 bits do not mix.
            if (((reg.Id ^ known.Id) & RegState.AddConst) == RegState.AddConst)
                continue;
            int off = reg.Off;
            uint id = reg.Id;
            Bounds delta = Bounds.Known((ulong)((long)off - known.Off));
            reg = known;
            reg.Off = off;
            reg.Id = id;
            RangeAlu.Add32(ref reg.Bounds, delta);
            RangeAlu.Add64(ref reg.Bounds, delta);
            reg.Bounds.Tnum += delta.Tnum;
            if (((id | known.Id) & RegState.AddConst32) != 0)
                BoundsWidth.ZeroExtend32(ref reg.Bounds);
            reg.Bounds.Sync();
        }
    }

    private void Collect(ref RegState reg, uint id, LinkedRegister value)
    {
        if (reg.Type != RegType.Scalar || (reg.Id & ~RegState.AddConst) != id)
            return;
        if (_values.Count < Max)
            _values.Add(value);
        else
            reg.Id = 0;
    }
}
