using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>
/// States met at prune points. Where an earlier one covers the current state, the path ends; else the current one may be remembered, by heuristics
/// that keep few. As is_state_visited in kernel/bpf/verifier.c (6.18).
/// </summary>
internal sealed class SeenStates
{
    /// <summary>BPF_COMPLEXITY_LIMIT_STATES, for callers without CAP_BPF.</summary>
    private const int MaxUnprivileged = 64;

    private readonly Walker _walker;
    private readonly StateEquality _equality;
    private readonly LoopVisits _loops;
    private List<VerifierState>?[] _buckets;
    private uint _previousJumps;
    private uint _previousInsns;
    private uint _kept;
    private uint _free;

    public SeenStates(Walker walker)
    {
        _walker = walker;
        _equality = new StateEquality(walker);
        _loops = new LoopVisits(walker);
        _buckets = new List<VerifierState>?[walker.Env.Insns.Length];
    }

    public uint TotalStates { get; private set; }
    public uint PeakStates { get; private set; }
    public uint MaxStatesPerInsn { get; private set; }

    /// <summary>Looks the current state up. 1: covered, the path ends; 0: go on; or a negative errno.</summary>
    public int Visit(int insnIdx)
    {
        VerifierState current = _walker.Current;
        bool forced = _walker.TestStateFreq || _walker.Env.Aux[insnIdx].Has(InsnAuxFlags.ForceCheckpoint) || current.History.Count > 40;
        bool add = forced || (_walker.JumpsProcessed - _previousJumps >= 2 && _walker.InsnsProcessed - _previousInsns >= 8);
        ref List<VerifierState>? bucket = ref _buckets[(uint)(insnIdx ^ current.Frame.CallSite) % (uint)_walker.Env.Insns.Length];
        CleanFinished(bucket, current, insnIdx);

        int count = 0;
        for (int i = (bucket?.Count ?? 0) - 1; i >= 0; i--)
        {
            VerifierState seen = bucket![i];
            count++;
            if (seen.InsnIdx != insnIdx)
                continue;
            int result = Compare(seen, current, insnIdx, forced, ref add);
            if (result != 0)
                return result;
            Miss(bucket, i, insnIdx, add);
        }

        MaxStatesPerInsn = Math.Max(MaxStatesPerInsn, (uint)count);
        if (!add || (!_walker.BpfCapable && count > MaxUnprivileged))
            return 0;
        bucket ??= [];
        Remember(bucket, current, insnIdx);
        return 0;
    }

    /// <summary>A path has ended: its states have one branch less, loops may be settled (update_branch_counts).</summary>
    public int EndPath(VerifierState? state)
    {
        VerifierState? listed = null;
        while (state is not null)
        {
            if (--state.Branches != 0)
                break;
            int error = _loops.Exit(state);
            if (error != 0)
                return error;
            NotePeak();
            VerifierState? parent = state.Parent;
            if (listed is not null)
                MaybeFree(listed);
            listed = parent;
            state = parent;
        }

        return 0;
    }

    /// <summary>The state that was remembered last at an instruction among the ancestors of another, itself excluded (find_prev_entry).</summary>
    public VerifierState? PreviousEntry(VerifierState? from, int insnIdx)
    {
        for (VerifierState? state = from?.Parent; state is not null; state = state.Parent)
        {
            if (state.InsnIdx == insnIdx && state.CurFrame == _walker.Current.CurFrame && SameCallSites(state, _walker.Current))
                return state;
        }

        return null;
    }

    /// <summary>Scalars that changed since the loop was entered last and are not precise become unknown, so that the loop converges (widen_imprecise_scalars).</summary>
    public void Widen(VerifierState old, VerifierState current)
    {
        _equality.ResetIds();
        for (int frame = old.CurFrame; frame >= 0; frame--)
        {
            FuncState before = old.Frames[frame]!, now = current.Frames[frame]!;
            for (int i = 0; i < Op.R10; i++)
                Widen(before.Regs[i], ref now.Regs[i]);
            for (int i = 0; i < Math.Min(before.StackSlots, now.StackSlots); i++)
            {
                if (before.Stack[i].IsSpill && now.Stack[i].IsSpill)
                    Widen(before.Stack[i].Spilled, ref now.Stack[i].Spilled);
            }
        }
    }

    /// <summary>Forgets all states (between functions that are verified on their own).</summary>
    public void Clear()
    {
        _loops.Clear();
        _buckets = new List<VerifierState>?[_walker.Env.Insns.Length];
        _kept = _free = 0;
    }

    private void Widen(in RegState old, ref RegState current)
    {
        if (old.Type != RegType.Scalar || current.Type != RegType.Scalar || old.Precise || current.Precise || _equality.SameScalar(old, current))
            return;
        _walker.MarkUnknown(ref current);
    }

    /// <summary>1: covered; 0: not; or a negative errno.</summary>
    private int Compare(VerifierState seen, VerifierState current, int insnIdx, bool forced, ref bool add)
    {
        if (seen.Branches == 0)
        {
            bool open = _loops.IsOpen(seen);
            return _equality.Equal(seen, current, open ? Exactness.RangeWithin : Exactness.NotExact) ? Hit(seen, current, insnIdx, open) : 0;
        }

        bool callback = _walker.Env.Aux[insnIdx].Has(InsnAuxFlags.CallsCallback);
        bool mayGoto = Flow.IsMayGoto(_walker.Env.Insns[insnIdx]);
        // A callback that changes nothing any more has converged; it is no loop of the function itself.
        if ((callback || (mayGoto && seen.MayGotoDepth != current.MayGotoDepth)) && _equality.Equal(seen, current, Exactness.RangeWithin))
            return Hit(seen, current, insnIdx, loop: !callback);
        if (!callback
            && StateEquality.MaybeLooping(seen, current)
            && _equality.Equal(seen, current, Exactness.Exact)
            && seen.MayGotoDepth == current.MayGotoDepth
            && seen.CallbackUnrollDepth == current.CallbackUnrollDepth)
            return Looping(seen, current, insnIdx);

        // Iterations of a loop have distinct states: do not remember each.
        if (!forced && _walker.JumpsProcessed - _previousJumps < 20 && _walker.InsnsProcessed - _previousInsns < 100)
            add = false;
        return 0;
    }

    private int Looping(VerifierState seen, VerifierState current, int insnIdx)
    {
        _walker.PrintSource(insnIdx);
        _walker.Log.Write($"infinite loop detected at insn {insnIdx}\n");
        _walker.Log.Write("cur state:");
        _walker.PrintState(current, current.Frame, printAll: true);
        _walker.Log.Write("old state:");
        _walker.PrintState(seen, seen.Frames[current.CurFrame]!, printAll: true);
        return -Errno.EINVAL;
    }

    private int Hit(VerifierState seen, VerifierState current, int insnIdx, bool loop)
    {
        seen.HitCount++;
        if (_walker.Env.Aux[insnIdx].Has(InsnAuxFlags.JumpPoint))
            _walker.Record();
        int error = _walker.Precision.Propagate(seen, current, out _);
        if (error == 0 && loop)
            error = _loops.Add(seen, current, insnIdx);
        NotePeak();
        return error != 0 ? error : 1;
    }

    private void Miss(List<VerifierState> bucket, int i, int insnIdx, bool add)
    {
        VerifierState seen = bucket[i];
        if (add)
            seen.MissCount++;
        int patience = _walker.Env.Aux[insnIdx].Has(InsnAuxFlags.ForceCheckpoint) && seen.Branches > 0 ? 64 : 3;
        if (seen.MissCount <= (seen.HitCount * patience) + patience)
            return;
        bucket.RemoveAt(i);
        seen.InFreeList = true;
        _free++;
        _kept--;
        MaybeFree(seen);
    }

    private void Remember(List<VerifierState> bucket, VerifierState current, int insnIdx)
    {
        TotalStates++;
        _kept++;
        NotePeak();
        _previousJumps = _walker.JumpsProcessed;
        _previousInsns = _walker.InsnsProcessed;
        if (_walker.BpfCapable)
            ForgetPrecision(current);

        VerifierState seen = _walker.Pool.Copy(current);
        seen.InsnIdx = insnIdx;
        _loops.Enter(seen);
        current.Parent = seen;
        current.FirstInsnIdx = insnIdx;
        current.DfsDepth = seen.DfsDepth + 1;
        current.History.Clear();
        _walker.CurrentRecord = -1;
        bucket.Add(seen);
    }

    private void NotePeak() => PeakStates = Math.Max(PeakStates, _kept + _free + (uint)_loops.BackEdges);

    private void MaybeFree(VerifierState seen)
    {
        if (!seen.InFreeList || seen.Branches != 0 || _loops.IsOpen(seen))
            return;
        _free--;
        _walker.Pool.Free(seen);
    }

    /// <summary>Registers and slots that are dead in finished states are forgotten, once (clean_live_states).</summary>
    private void CleanFinished(List<VerifierState>? bucket, VerifierState current, int insnIdx)
    {
        for (int i = (bucket?.Count ?? 0) - 1; i >= 0; i--)
        {
            VerifierState seen = bucket![i];
            if (seen.Branches != 0 || seen.InsnIdx != insnIdx || seen.Cleaned || !SameCallSites(seen, current) || _loops.IsOpen(seen))
                continue;
            Clean(seen);
            seen.Cleaned = true;
        }
    }

    private void Clean(VerifierState state)
    {
        _walker.Liveness.Query(state);
        for (int frame = 0; frame <= state.CurFrame; frame++)
        {
            FuncState func = state.Frames[frame]!;
            uint live = _walker.Env.Aux[state.FrameInsnIdx(frame)].LiveRegsBefore;
            for (int i = 0; i < Op.R10; i++)
            {
                if ((live & (1u << i)) == 0)
                    func.Regs[i].SetNotInit();
            }

            for (int i = 0; i < func.StackSlots; i++)
            {
                if (_walker.Liveness.IsAlive(frame, i))
                    continue;
                func.Stack[i].Spilled.SetNotInit();
                func.Stack[i].SetAll(SlotType.Invalid);
            }
        }
    }

    private static bool SameCallSites(VerifierState a, VerifierState b)
    {
        if (a.CurFrame != b.CurFrame)
            return false;
        for (int i = a.CurFrame; i >= 0; i--)
        {
            if (a.Frames[i]!.CallSite != b.Frames[i]!.CallSite)
                return false;
        }

        return true;
    }

    private static void ForgetPrecision(VerifierState state)
    {
        for (int frame = 0; frame <= state.CurFrame; frame++)
        {
            FuncState func = state.Frames[frame]!;
            for (int i = 0; i < Op.R10; i++)
            {
                if (func.Regs[i].Type == RegType.Scalar)
                    func.Regs[i].Precise = false;
            }

            for (int i = 0; i < func.StackSlots; i++)
            {
                if (func.Stack[i].IsScalarSpill)
                    func.Stack[i].Spilled.Precise = false;
            }
        }
    }
}
