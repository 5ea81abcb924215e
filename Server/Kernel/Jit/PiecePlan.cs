using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Jit;

/// <summary>A part [Start, End) of a subprogram that becomes a method of its own.</summary>
internal readonly record struct Piece(int Start, int End);

/// <summary>
/// Divides large subprograms. RyuJIT gives up optimising above 2,000 basic blocks or 8,000 references to locals in one method, and its
/// time grows faster than linearly well before that, so a method stays below <see cref="MaxReferences"/>, <see cref="MaxInsns"/> and <see cref="MaxBlocks"/>.
/// A transition between pieces costs some 8 ns: cuts are made where the fewest loops are cut through, as late as the limits allow.
/// </summary>
internal sealed class PiecePlan
{
    public const int MaxReferences = 6000;
    public const int MaxInsns = 1500;
    public const int MaxBlocks = 250;

    private readonly List<Piece> _pieces = [];
    private readonly SortedSet<int> _entries = [];
    private readonly List<int> _entryList;

    public PiecePlan(VerifiedProgram program, FlowAnalysis flow, int subprog)
    {
        Subprog part = program.Subprogs[subprog];
        int[] loops = LoopsAcross(program, part);
        int start = part.Start;
        while (start < part.End)
        {
            int end = Limit(program, flow, start, part.End);
            if (end < part.End)
                end = BestCut(program, loops, part.Start, start, end);
            _pieces.Add(new Piece(start, end));
            start = end;
        }

        if (_pieces.Count > 1)
            FindEntries(program);
        _entryList = [.. _entries];
    }

    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>Instructions at which a piece is entered from another (or the subprogram from outside), ascending; their index here is the entry's number.</summary>
    public IReadOnlyList<int> Entries => _entryList;

    /// <summary>Number of an entry.</summary>
    public int EntryNumber(int insn) => _entryList.BinarySearch(insn);

    // The first instruction that no longer fits in a piece beginning at start.
    private static int Limit(VerifiedProgram program, FlowAnalysis flow, int start, int end)
    {
        int references = 0, blocks = 1;
        for (int i = start; i < end; i++)
        {
            Insn insn = program.Insns[i];
            references += References(insn);
            if (flow.IsTarget(i) || insn.Class is Op.Jmp or Op.Jmp32)
                blocks++;
            if (references > MaxReferences || blocks > MaxBlocks || i - start >= MaxInsns)
                return Math.Max(i, start + 2);
            if (insn.IsLdImm64)
                i++;
        }

        return end;
    }

    // At most so many references to locals and arguments does the IL of an instruction have.
    private static int References(in Insn insn) => insn.Class switch
    {
        Op.Alu or Op.Alu64 => (insn.Code & 0xf0) is Op.Div or Op.Mod ? 10 : 3,
        Op.Jmp or Op.Jmp32 => (insn.Code & 0xf0) == Op.Call ? 12 : 2,
        _ => 4,
    };

    // For each instruction of the subprogram: how many backward jumps lead across the place before it.
    private static int[] LoopsAcross(VerifiedProgram program, in Subprog part)
    {
        int[] across = new int[part.End - part.Start + 1];
        for (int i = part.Start; i < part.End; i++)
        {
            Insn insn = program.Insns[i];
            int target = FlowAnalysis.JumpTarget(i, insn);
            if (target >= 0 && target <= i)
            {
                across[target + 1 - part.Start]++;
                across[i + 1 - part.Start]--;
            }

            if (insn.IsLdImm64)
                i++;
        }

        for (int i = 1; i < across.Length; i++)
            across[i] += across[i - 1];
        return across;
    }

    private static int BestCut(VerifiedProgram program, int[] loops, int origin, int start, int limit)
    {
        int best = limit;
        for (int cut = limit; cut > start + (limit - start) / 2; cut--)
        {
            if (!IsSecondSlot(program, cut) && (IsSecondSlot(program, best) || loops[cut - origin] < loops[best - origin]))
                best = cut;
        }

        return IsSecondSlot(program, best) ? best - 1 : best;
    }

    private static bool IsSecondSlot(VerifiedProgram program, int insn) => program.Insns[insn].Code == 0 && program.Insns[insn - 1].IsLdImm64;

    private void FindEntries(VerifiedProgram program)
    {
        foreach (Piece piece in _pieces)
        {
            _entries.Add(piece.Start);
            for (int i = piece.Start; i < piece.End; i++)
            {
                Insn insn = program.Insns[i];
                int target = FlowAnalysis.JumpTarget(i, insn);
                if (target >= 0 && (target < piece.Start || target >= piece.End))
                    _entries.Add(target);
                if (insn.IsLdImm64)
                    i++;
            }
        }
    }
}
