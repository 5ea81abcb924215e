using WebBpf.Kernel.Isa;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Programs;

/// <summary>
/// Basic blocks of instructions: a block begins at the start of a subprogram, at a jump's target and after a jump or exit; it ends where
/// the next begins. Calls of subprograms are edges beside the fall-through.
/// </summary>
public static class FlowGraph
{
    public static CfgInfo Of(ReadOnlySpan<Insn> insns, IReadOnlyList<int> subprogramStarts)
    {
        var leaders = new SortedSet<int> { 0 };
        leaders.UnionWith(subprogramStarts);
        for (int i = 0; i < insns.Length; i += insns[i].Slots())
        {
            if (!insns[i].HasJumpTarget() && !insns[i].IsExit())
                continue;
            if (insns[i].HasJumpTarget() && insns[i].JumpTarget(i) is >= 0 and var target && target < insns.Length)
                leaders.Add((int)target);
            if (i + 1 < insns.Length)
                leaders.Add(i + 1);
        }

        int[] starts = [.. leaders];
        var blocks = new List<CfgBlock>(starts.Length);
        for (int b = 0; b < starts.Length; b++)
        {
            int end = b + 1 < starts.Length ? starts[b + 1] : insns.Length;
            int subprogram = subprogramStarts.Count(s => s <= starts[b]) - 1;
            blocks.Add(new CfgBlock(b, Math.Max(0, subprogram), starts[b], end, Edges(insns, starts, starts[b], end)));
        }

        return new CfgInfo(blocks);
    }

    private static List<CfgEdge> Edges(ReadOnlySpan<Insn> insns, int[] starts, int start, int end)
    {
        var edges = new List<CfgEdge>();
        int last = start;
        for (int i = start; i < end; i += insns[i].Slots())
        {
            last = i;
            if (insns[i].IsPseudoCall())
                Add(insns[i].SubprogTarget(i), "call");
        }

        Insn insn = insns[last];
        if (insn.HasJumpTarget())
            Add(insn.JumpTarget(last), insn.IsGoto() ? "jump" : "taken");
        if (!insn.IsExit() && !insn.IsGoto())
            Add(last + insn.Slots(), "next");
        return edges;

        void Add(long at, string kind)
        {
            int block = Array.BinarySearch(starts, (int)at);
            if (block >= 0)
                edges.Add(new CfgEdge(block, kind));
        }
    }
}
