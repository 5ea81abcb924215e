namespace WebBpf.Kernel.Verifier.State;

/// <summary>Keeps states and frames that are no longer needed, so that a long walk allocates little.</summary>
internal sealed class StatePool
{
    private readonly Stack<VerifierState> _states = [];
    private readonly Stack<FuncState> _frames = [];

    public FuncState NewFrame() => _frames.TryPop(out FuncState? frame) ? frame : new FuncState();

    public VerifierState NewState() => _states.TryPop(out VerifierState? state) ? state : new VerifierState();

    /// <summary>A copy that shares nothing with the original (copy_verifier_state); its history included.</summary>
    public VerifierState Copy(VerifierState other)
    {
        VerifierState copy = NewState();
        CopyInto(copy, other);
        return copy;
    }

    public void CopyInto(VerifierState copy, VerifierState other)
    {
        for (int i = other.CurFrame + 1; i < VerifierState.MaxFrames && copy.Frames[i] is not null; i++)
            Drop(copy, i);
        for (int i = 0; i <= other.CurFrame; i++)
        {
            copy.Frames[i] ??= NewFrame();
            copy.Frames[i]!.CopyFrom(other.Frames[i]!);
        }

        copy.References.Clear();
        copy.References.AddRange(other.References);
        copy.History.Clear();
        copy.History.AddRange(other.History);
        copy.CurFrame = other.CurFrame;
        copy.Parent = other.Parent;
        copy.EqualState = other.EqualState;
        copy.Branches = other.Branches;
        copy.InsnIdx = other.InsnIdx;
        copy.FirstInsnIdx = other.FirstInsnIdx;
        copy.LastInsnIdx = other.LastInsnIdx;
        copy.DfsDepth = other.DfsDepth;
        copy.CallbackUnrollDepth = other.CallbackUnrollDepth;
        copy.MayGotoDepth = other.MayGotoDepth;
        copy.Speculative = other.Speculative;
        copy.InSleepable = other.InSleepable;
        copy.Cleaned = false;
    }

    /// <summary>Gives a frame back.</summary>
    public void Drop(VerifierState state, int frame)
    {
        if (state.Frames[frame] is not { } gone)
            return;
        state.Frames[frame] = null;
        _frames.Push(gone);
    }

    public void Free(VerifierState state)
    {
        for (int i = 0; i < VerifierState.MaxFrames; i++)
            Drop(state, i);
        state.History.Clear();
        state.References.Clear();
        state.Parent = state.EqualState = null;
        state.Branches = state.HitCount = state.MissCount = 0;
        state.InFreeList = state.Cleaned = false;
        _states.Push(state);
    }
}
