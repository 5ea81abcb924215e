using System.Globalization;
using System.Numerics;
using System.Text;
using WebBpf.Kernel.Verifier.State;
using WebBpf.Kernel.Verifier.Structure;
using WebBpf.Kernel.Verifier.Walk;

namespace WebBpf.Kernel.Verifier.Prune;

/// <summary>
/// Which stack slots may still be read after an instruction, as kernel/bpf/liveness.c (6.18). The walk notes for each (call chain, instruction) the
/// slots it may read and those it surely writes; a data-flow pass <c>before = (after - written) + read</c> spreads them whenever a path has ended.
/// Slots that are not live are forgotten before states are compared.
/// </summary>
internal sealed class StackLiveness(Walker walker)
{
    private readonly Dictionary<CallChain, Instance> _instances = [];
    private readonly ulong[] _written = new ulong[VerifierState.MaxFrames];
    private readonly Instance?[] _query = new Instance?[VerifierState.MaxFrames];
    private Instance? _current;
    private int _writeInsn;
    private int _queryFrame;
    private int _queryInsn;

    /// <summary>The current state's frames changed: its instance must be looked up again.</summary>
    public void ResetCallChain() => _current = null;

    public void MarkRead(int frame, int insn, ulong slots)
    {
        _current ??= Lookup(walker.Current, walker.Current.CurFrame);
        AddRead(_current, frame, insn, slots);
    }

    /// <summary>The instruction surely writes all eight bytes of these slots.</summary>
    public void MarkWrite(int frame, ulong slots) => _written[frame] |= slots;

    /// <summary>Begins a new instruction.</summary>
    public void ResetWrites(int insn)
    {
        _current ??= Lookup(walker.Current, walker.Current.CurFrame);
        ResetWrites(_current, insn);
    }

    /// <summary>Ends an instruction: what it wrote this time is intersected with what it wrote before.</summary>
    public void CommitWrites()
    {
        if (_current is not null)
            CommitWrites(_current);
    }

    /// <summary>Spreads what was noted along the current state's call chain (bpf_update_live_stack): when a path or function has ended.</summary>
    public void Update()
    {
        ResetCallChain();
        VerifierState state = walker.Current;
        for (int frame = state.CurFrame; frame >= 0; frame--)
        {
            Instance instance = Lookup(state, frame);
            if (!instance.Updated)
                continue;
            Update(instance);
            instance.Updated = instance.WriteDropped = false;
        }
    }

    /// <summary>Prepares <see cref="IsAlive"/> for a state.</summary>
    public void Query(VerifierState state)
    {
        for (int frame = 0; frame <= state.CurFrame; frame++)
            _query[frame] = Lookup(state, frame);
        _queryFrame = state.CurFrame;
        _queryInsn = state.InsnIdx;
    }

    /// <summary>Whether a slot may be read from the state's instruction on, in its function or by a caller after it.</summary>
    public bool IsAlive(int frame, int slot)
    {
        Instance inner = _query[_queryFrame]!;
        if (inner.IsLiveBefore(_queryInsn, frame, slot))
            return true;
        for (int i = frame; i < _queryFrame; i++)
        {
            int callSite = inner.Chain[i];
            int at = walker.Env.Aux[callSite].Has(InsnAuxFlags.CallsCallback) ? callSite : callSite + 1;
            if (_query[i]!.IsLiveBefore(at, frame, slot))
                return true;
        }

        return false;
    }

    private Instance Lookup(VerifierState state, int frame)
    {
        int subprog = state.Frames[frame]!.SubprogNo;
        int start = walker.Env.Subprogs[subprog].Start;
        CallChain chain = CallChain.Of(state, frame, start);
        if (_instances.TryGetValue(chain, out Instance? found))
            return found;
        int[] subprogs = new int[frame + 1];
        for (int i = 0; i <= frame; i++)
            subprogs[i] = state.Frames[i]!.SubprogNo;
        return Add(chain, subprogs);
    }

    private Instance Add(CallChain chain, int[] subprogs)
    {
        int subprog = subprogs[^1];
        int start = walker.Env.Subprogs[subprog].Start;
        var instance = new Instance(chain, subprogs, start, walker.Env.SubprogEnd(subprog) - start);
        _instances.Add(chain, instance);
        return instance;
    }

    private Instance Outer(Instance instance)
    {
        int[] subprogs = instance.Subprogs[..^1];
        CallChain chain = instance.Chain.Outer(walker.Env.Subprogs[subprogs[^1]].Start);
        return _instances.TryGetValue(chain, out Instance? found) ? found : Add(chain, subprogs);
    }

    private static void AddRead(Instance instance, int frame, int insn, ulong slots)
    {
        ref Masks masks = ref instance.Allocate(frame, insn);
        ulong read = masks.MayRead | slots;
        if (read != masks.MayRead && (read | masks.LiveBefore) != masks.LiveBefore)
            instance.Updated = true;
        masks.MayRead = read;
    }

    private void ResetWrites(Instance instance, int insn)
    {
        _writeInsn = insn;
        for (int i = 0; i <= instance.Chain.Depth; i++)
            _written[i] = 0;
    }

    private void CommitWrites(Instance instance)
    {
        int index = _writeInsn - instance.Start;
        for (int frame = 0; frame <= instance.Chain.Depth; frame++)
        {
            ulong mask = _written[frame];
            if (mask == 0 && !instance.WriteSeen[index])
                continue;
            ref Masks masks = ref instance.Allocate(frame, _writeInsn);
            // The kernel keeps the old set in 32 bits here; slots beyond the 32nd do not occur before it is widened again.
            uint old = (uint)masks.MustWrite;
            if (instance.WriteSeen[index])
                mask &= old;
            if (old != mask)
            {
                masks.MustWrite = mask;
                instance.Updated = true;
            }

            if ((old & ~mask) != 0)
                instance.WriteDropped = true;
        }

        instance.WriteSeen[index] = true;
        _writeInsn = 0;
    }

    private void Update(Instance instance)
    {
        if (instance.WriteDropped)
        {
            for (int frame = 0; frame <= instance.Chain.Depth; frame++)
            {
                Masks[]? all = instance.Frames[frame];
                for (int i = 0; i < (all?.Length ?? 0); i++)
                    all![i].MustWriteAcc = 0;
            }
        }

        int subprog = instance.Subprogs[^1];
        int[] postorder = walker.Env.Postorder;
        int from = walker.Env.Subprogs[subprog].PostorderStart;
        int to = subprog + 1 < walker.Env.Subprogs.Count ? walker.Env.Subprogs[subprog + 1].PostorderStart : postorder.Length;
        bool changed;
        int rounds = 0;
        do
        {
            rounds++;
            changed = false;
            for (int frame = 0; frame <= instance.Chain.Depth; frame++)
            {
                if (instance.Frames[frame] is not { } masks)
                    continue;
                for (int i = from; i < to; i++)
                    changed |= UpdateInsn(instance, masks, frame, postorder[i]);
            }
        }
        while (changed);

        if (walker.Logs2)
            walker.Log.Write($"{instance.Chain} live stack update done in {rounds} iterations\n");
        if (instance.Chain.Depth > 0)
            SpreadToCaller(instance);
    }

    private bool UpdateInsn(Instance instance, Masks[] masks, int frame, int insn)
    {
        (int next, int target) = Flow.Successors(walker.Env.Insns, insn);
        if (next < 0 && target < 0)
            return false;
        ref Masks at = ref masks[insn - instance.Start];
        ulong after = 0, written = ulong.MaxValue;
        if (next >= 0)
        {
            after |= masks[next - instance.Start].LiveBefore;
            written &= masks[next - instance.Start].MustWriteAcc;
        }

        if (target >= 0)
        {
            after |= masks[target - instance.Start].LiveBefore;
            written &= masks[target - instance.Start].MustWriteAcc;
        }

        written |= at.MustWrite;
        ulong before = (after & ~at.MustWrite) | at.MayRead;
        bool changed = before != at.LiveBefore || written != at.MustWriteAcc;
        if (walker.Logs2 && changed && (at.MayRead != 0 || at.MustWrite != 0 || insn == instance.Start || walker.Env.Aux[insn].Has(InsnAuxFlags.PrunePoint)))
        {
            LogChange(instance.Chain, "live", frame, insn, at.LiveBefore, before);
            LogChange(instance.Chain, "written", frame, insn, at.MustWriteAcc, written);
        }

        at.LiveBefore = before;
        at.MustWriteAcc = written;
        return changed;
    }

    /// <summary>What a function does to its callers' slots becomes what the call instruction does.</summary>
    private void SpreadToCaller(Instance instance)
    {
        Instance outer = Outer(instance);
        int callSite = instance.Chain[instance.Chain.Depth - 1];
        ResetWrites(outer, callSite);
        for (int frame = 0; frame < instance.Chain.Depth; frame++)
        {
            if (instance.Frames[frame] is not { } masks)
                continue;
            MarkWrite(frame, masks[0].MustWriteAcc);
            AddRead(outer, frame, callSite, masks[0].LiveBefore);
        }

        CommitWrites(outer);
    }

    private void LogChange(CallChain chain, string name, int frame, int insn, ulong old, ulong now)
    {
        if (old == now)
            return;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{chain} frame {frame} insn {insn} ");
        if ((now & ~old) != 0)
            text.Append('+').Append(name).Append(' ').Append(SlotNames(now & ~old)).Append(' ');
        if ((old & ~now) != 0)
            text.Append('-').Append(name).Append(' ').Append(SlotNames(old & ~now));
        walker.Log.Write(text.Append('\n').ToString());
    }

    /// <summary>Slots as the log names them: "-8,-24".</summary>
    public static string SlotNames(ulong slots)
    {
        var text = new StringBuilder();
        for (ulong left = slots; left != 0; left &= left - 1)
        {
            if (text.Length > 0)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{-(BitOperations.TrailingZeroCount(left) + 1) * 8}");
        }

        return text.ToString();
    }

    private struct Masks
    {
        public ulong MayRead;
        public ulong MustWrite;
        public ulong MustWriteAcc;
        public ulong LiveBefore;
    }

    /// <summary>One function as called through one chain: masks per frame and instruction.</summary>
    private sealed class Instance(CallChain chain, int[] subprogs, int start, int length)
    {
        public CallChain Chain { get; } = chain;
        public int[] Subprogs { get; } = subprogs;
        public int Start { get; } = start;
        public Masks[]?[] Frames { get; } = new Masks[]?[chain.Depth + 1];
        public bool[] WriteSeen { get; } = new bool[length];
        public bool Updated { get; set; }
        public bool WriteDropped { get; set; }

        public ref Masks Allocate(int frame, int insn) => ref (Frames[frame] ??= new Masks[length])[insn - Start];

        public bool IsLiveBefore(int insn, int frame, int slot)
        {
            Masks[]? masks = Frames[frame];
            int index = insn - Start;
            return masks is not null && (uint)index < (uint)masks.Length && (masks[index].LiveBefore & (1UL << slot)) != 0;
        }
    }
}
