using WebBpf.Kernel.Verifier.Domain;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>How strictly two states are compared (enum exact_level).</summary>
internal enum Exactness
{
    /// <summary>Whatever the old state did not depend on may differ.</summary>
    NotExact,

    /// <summary>Everything must be the same.</summary>
    Exact,

    /// <summary>As <see cref="NotExact"/>, but every scalar counts as precise.</summary>
    RangeWithin,
}

/// <summary>
/// Whether a state that was proven safe (old) covers the current one: every value that the old state allowed contains what the current one has.
/// As states_equal, regsafe, stacksafe and refsafe in kernel/bpf/verifier.c (6.18).
/// </summary>
internal sealed class StateEquality(Walker walker)
{
    private readonly IdMap _ids = new();
    private RegState _unbound = MakeUnbound();

    public bool Equal(VerifierState old, VerifierState current, Exactness exact)
    {
        if (old.CurFrame != current.CurFrame || (old.Speculative && !current.Speculative) || old.InSleepable != current.InSleepable)
            return false;
        _ids.Reset(walker.LastId);
        if (!ReferencesMatch(old, current))
            return false;
        for (int i = 0; i <= old.CurFrame; i++)
        {
            if (old.Frames[i]!.CallSite != current.Frames[i]!.CallSite
                || !FramesMatch(old.Frames[i]!, current.Frames[i]!, walker.Env.Aux[old.FrameInsnIdx(i)].LiveRegsBefore, exact))
                return false;
        }

        return true;
    }

    /// <summary>Registers of the innermost frames are the same bit by bit: worth a full comparison (states_maybe_looping).</summary>
    public static bool MaybeLooping(VerifierState old, VerifierState current)
    {
        if (old.CurFrame != current.CurFrame)
            return false;
        RegState[] before = old.Regs, now = current.Regs;
        for (int i = 0; i < before.Length; i++)
        {
            if (!before[i].SameValue(now[i]) || before[i].Id != now[i].Id || before[i].RefObjId != now[i].RefObjId)
                return false;
        }

        return true;
    }

    /// <summary>Both scalars are the same but for their ids (used where a loop's values are widened).</summary>
    public bool SameScalar(in RegState old, in RegState current) => old.SameValue(current) && _ids.MatchScalar(old.Id, current.Id);

    public void ResetIds() => _ids.Reset(walker.LastId);

    private bool ReferencesMatch(VerifierState old, VerifierState current)
    {
        if (old.References.Count != current.References.Count)
            return false;
        for (int i = 0; i < old.References.Count; i++)
        {
            if (!_ids.Match(old.References[i].Id, current.References[i].Id))
                return false;
        }

        return true;
    }

    private bool FramesMatch(FuncState old, FuncState current, uint live, Exactness exact)
    {
        if (old.CallbackDepth > current.CallbackDepth)
            return false;
        for (int i = 0; i < old.Regs.Length; i++)
        {
            if ((live & (1u << i)) != 0 && !RegMatches(ref old.Regs[i], ref current.Regs[i], exact))
                return false;
        }

        return StackMatches(old, current, exact);
    }

    private bool RegExact(in RegState old, in RegState current) =>
        old.SameValue(current) && _ids.Match(old.Id, current.Id) && _ids.Match(old.RefObjId, current.RefObjId);

    private bool RegMatches(ref RegState old, ref RegState current, Exactness exact)
    {
        if (exact == Exactness.Exact)
            return RegExact(old, current);
        if (old.Type == RegType.NotInit)
            return true;
        if (old.Type != current.Type)
            return false;
        switch (old.Type.Base())
        {
            case RegType.Scalar:
                return ScalarMatches(old, current, exact);
            case RegType.PtrToMapKey or RegType.PtrToMapValue or RegType.PtrToMem or RegType.PtrToBuf or RegType.PtrToTpBuffer:
                return old.SameKind(current) && Within(old.Bounds, current.Bounds)
                    && _ids.Match(old.Id, current.Id) && _ids.Match(old.RefObjId, current.RefObjId);
            case RegType.PtrToPacket or RegType.PtrToPacketMeta:
                return PacketMatches(old, current);
            case RegType.PtrToStack:
                return RegExact(old, current) && old.FrameNo == current.FrameNo;
            case RegType.PtrToArena:
                return true;
            default:
                return RegExact(old, current);
        }
    }

    private bool ScalarMatches(in RegState old, in RegState current, Exactness exact)
    {
        if (!old.Precise && exact == Exactness.NotExact)
            return true;
        uint linked = old.Id & RegState.AddConst;
        if (linked != (current.Id & RegState.AddConst) || (linked != 0 && old.Off != current.Off))
            return false;
        return Within(old.Bounds, current.Bounds) && _ids.MatchScalar(old.Id, current.Id);
    }

    private bool PacketMatches(in RegState old, in RegState current)
    {
        // At least as much range as before, or the same relation to the packet's end.
        if (old.Range < 0 || current.Range < 0 ? old.Range != current.Range : old.Range > current.Range)
            return false;
        return old.Off == current.Off && _ids.Match(old.Id, current.Id) && Within(old.Bounds, current.Bounds);
    }

    private static bool Within(in Bounds old, in Bounds current) => old.RangeContains(current) && old.Tnum.Contains(current.Tnum);

    private bool StackMatches(FuncState old, FuncState current, Exactness exact)
    {
        for (int slot = 0; slot < old.StackSlots; slot++)
        {
            ref StackSlot before = ref old.Stack[slot];
            if (before.Types == 0 && exact != Exactness.Exact)
                continue;
            bool exists = slot < current.StackSlots;
            if (exact == Exactness.Exact && (!exists || before.Types != current.Stack[slot].Types))
                return false;
            if (!SlotMatches(ref before, ref exists ? ref current.Stack[slot] : ref System.Runtime.CompilerServices.Unsafe.NullRef<StackSlot>(), exists, exact))
                return false;
        }

        return true;
    }

    private bool SlotMatches(ref StackSlot old, ref StackSlot current, bool exists, Exactness exact)
    {
        for (int i = 0; i < StackSlot.Size; i++)
        {
            SlotType type = old[i];
            if (type == SlotType.Invalid || (type == SlotType.Misc && walker.AllowUninitStack))
                continue;
            if (!exists)
                return false;
            ref RegState before = ref Scalar64(ref old);
            ref RegState now = ref Scalar64(ref current);
            if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref before) && !System.Runtime.CompilerServices.Unsafe.IsNullRef(ref now))
                return RegMatches(ref before, ref now, exact);
            if (type == SlotType.Misc && current[i] == SlotType.Zero)
                continue;
            if (type != current[i])
                return false;
            if (i != StackSlot.Size - 1)
                continue;
            if (type == SlotType.Spill && !RegMatches(ref old.Spilled, ref current.Spilled, exact))
                return false;
            if (type is SlotType.Dynptr or SlotType.Iter or SlotType.IrqFlag)
                return false;
        }

        return true;
    }

    /// <summary>The slot as a scalar register: the one spilled whole, or anything where all bytes are data (scalar_reg_for_stack).</summary>
    private ref RegState Scalar64(ref StackSlot slot)
    {
        if (slot.IsScalarSpill64)
            return ref slot.Spilled;
        for (int i = 0; i < StackSlot.Size; i++)
        {
            if (slot[i] != SlotType.Misc && !(slot[i] == SlotType.Invalid && walker.AllowUninitStack))
                return ref System.Runtime.CompilerServices.Unsafe.NullRef<RegState>();
        }

        return ref _unbound;
    }

    private static RegState MakeUnbound()
    {
        RegState reg = default;
        reg.SetUnknown();
        return reg;
    }
}
