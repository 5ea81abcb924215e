using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>
/// Loops (strongly connected components) while they are walked: paths that met a state of the same unfinished loop wait here as back edges, and when
/// all paths from the loop's entry have ended, precision is carried along them until nothing changes. As bpf_scc_visit and kin in kernel/bpf/verifier.c (6.18).
/// </summary>
internal sealed class LoopVisits(Walker walker)
{
    private const int MaxRounds = 64;

    private readonly Dictionary<CallChain, Visit> _visits = [];

    /// <summary>Back edges that wait, over all loops; counted as states.</summary>
    public int BackEdges { get; private set; }

    /// <summary>A new checkpoint inside a loop: the first one is the loop's entry (maybe_enter_scc).</summary>
    public void Enter(VerifierState state)
    {
        if (ChainOf(state) is not { } chain)
            return;
        if (!_visits.TryGetValue(chain, out Visit? visit))
            _visits.Add(chain, visit = new Visit());
        if (visit.Entry is not null)
            return;
        visit.Entry = state;
        if (walker.Logs2)
            walker.Log.Write($"SCC enter {chain}\n");
    }

    /// <summary>All paths from a state have ended: if it was a loop's entry, the loop is settled (maybe_exit_scc).</summary>
    public int Exit(VerifierState state)
    {
        if (ChainOf(state) is not { } chain)
            return 0;
        if (!_visits.TryGetValue(chain, out Visit? visit))
            return state.Speculative ? 0 : walker.Bug($"scc exit: no visit info for call chain {chain}");
        if (!ReferenceEquals(visit.Entry, state))
            return 0;
        if (walker.Logs2)
            walker.Log.Write($"SCC exit {chain}\n");
        visit.Entry = null;
        BackEdges -= visit.BackEdges.Count;
        return Settle(visit);
    }

    /// <summary>The current state is covered by one of a loop that is not finished yet.</summary>
    public int Add(VerifierState seen, VerifierState current, int insnIdx)
    {
        if (ChainOf(seen) is not { } chain)
            return walker.Bug($"add backedge: no SCC in verification path, insn_idx {insnIdx}");
        if (!_visits.TryGetValue(chain, out Visit? visit))
            return walker.Bug($"add backedge: no visit info for call chain {chain}");
        if (walker.Logs2)
            walker.Log.Write($"SCC backedge {chain}\n");
        VerifierState edge = walker.Pool.Copy(current);
        edge.EqualState = seen;
        edge.InsnIdx = insnIdx;
        visit.BackEdges.Insert(0, edge);
        BackEdges++;
        return 0;
    }

    /// <summary>Marks in this state may still be missing, as paths of its loop are open (incomplete_read_marks).</summary>
    public bool IsOpen(VerifierState state) => ChainOf(state) is { } chain && _visits.TryGetValue(chain, out Visit? visit) && visit.BackEdges.Count > 0;

    public void Clear()
    {
        foreach (VerifierState edge in _visits.Values.SelectMany(v => v.BackEdges))
            walker.Pool.Free(edge);
        _visits.Clear();
        BackEdges = 0;
    }

    private int Settle(Visit visit)
    {
        bool changed;
        int round = 0;
        do
        {
            if (round++ > MaxRounds)
            {
                if (walker.Logs2)
                    walker.Log.Write("propagate_backedges: too many iterations\n");
                foreach (VerifierState edge in visit.BackEdges)
                    walker.Precision.MarkEverything(edge);
                break;
            }

            changed = false;
            foreach (VerifierState edge in visit.BackEdges)
            {
                int error = walker.Precision.Propagate(edge.EqualState!, edge, out bool some);
                if (error != 0)
                    return error;
                changed |= some;
            }
        }
        while (changed);

        foreach (VerifierState edge in visit.BackEdges)
            walker.Pool.Free(edge);
        visit.BackEdges.Clear();
        return 0;
    }

    /// <summary>Call sites down to the outermost frame that stands in a loop, and that loop's number; null outside loops.</summary>
    private CallChain? ChainOf(VerifierState state)
    {
        for (int i = 0; i <= state.CurFrame; i++)
        {
            int scc = walker.Env.Aux[state.FrameInsnIdx(i)].Scc;
            if (scc != 0)
                return CallChain.Of(state, i, scc);
        }

        return null;
    }

    private sealed class Visit
    {
        public VerifierState? Entry { get; set; }

        public List<VerifierState> BackEdges { get; } = [];
    }
}
