using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Rewrite;

/// <summary>
/// Inserts, replaces and removes instructions: the only place where indexes shift. Edits are collected and applied at once in time linear in
/// the program; instructions, their aux data, function starts, func_info and line_info and the distances of jumps, calls and callback loads move
/// together. As bpf_patch_insn_data and verifier_remove_insns in kernel/bpf/verifier.c (6.18).
/// </summary>
public sealed class InsnPatcher
{
    private readonly VerifierEnv _env;
    private readonly Dictionary<int, Patch> _patches = [];
    private readonly bool[] _removed;
    private bool _removesAny;

    public InsnPatcher(VerifierEnv env)
    {
        _env = env;
        _removed = new bool[env.Insns.Length];
    }

    /// <summary>
    /// Puts a sequence in place of instruction <paramref name="i"/>. Jumps to it land on the first of the sequence. Jumps inside the sequence stay as they are.
    /// </summary>
    /// <param name="anchor">Which of the sequence inherits the aux data; where the old instruction was a jump or call, this is that jump.</param>
    public void Replace(int i, ReadOnlySpan<Insn> sequence, int anchor) => _patches[i] = new Patch(sequence.ToArray(), anchor, false);

    /// <summary>Puts a sequence before an instruction; jumps to the instruction skip the sequence, entering the function does not.</summary>
    public void InsertBefore(int i, ReadOnlySpan<Insn> sequence) => _patches[i] = new Patch([.. sequence, _env.Insns[i]], sequence.Length, true);

    /// <summary>Takes instructions out. Jumps to them land on the next one that stays.</summary>
    public void Remove(int start, int count)
    {
        _removed.AsSpan(start, count).Fill(true);
        _removesAny |= count > 0;
    }

    /// <summary>Applies all edits. Returns 0, or ERANGE where a jump no longer fits its 16-bit distance.</summary>
    public int Apply()
    {
        if (_patches.Count == 0 && !_removesAny)
            return 0;
        // Where each old instruction begins (a removed one: where the next begins), where it is itself, and where jumps to it land.
        int count = _env.Insns.Length;
        var begin = new int[count + 1];
        var self = new int[count + 1];
        var land = new int[count + 1];
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            begin[i] = self[i] = land[i] = at;
            if (_removed[i])
                continue;
            if (_patches.TryGetValue(i, out Patch patch))
            {
                self[i] = at + patch.Anchor;
                land[i] = patch.JumpsSkip ? self[i] : at;
                at += patch.Insns.Length;
            }
            else
            {
                at++;
            }
        }

        begin[count] = self[count] = land[count] = at;
        (Insn[] insns, InsnAux[] aux) = Move(begin, self);
        int error = Retarget(insns, begin, self, land);
        if (error != 0)
            return error;
        MoveFunctions(begin);
        MoveLines(begin, at);
        _env.Insns = insns;
        _env.Aux = aux;
        return 0;
    }

    private (Insn[] Insns, InsnAux[] Aux) Move(int[] begin, int[] self)
    {
        var insns = new Insn[begin[^1]];
        var aux = new InsnAux[insns.Length];
        for (int i = 0; i < _env.Insns.Length; i++)
        {
            if (_removed[i])
                continue;
            if (!_patches.TryGetValue(i, out Patch patch))
            {
                insns[begin[i]] = _env.Insns[i];
                aux[begin[i]] = _env.Aux[i];
                continue;
            }

            patch.Insns.CopyTo(insns, begin[i]);
            for (int k = begin[i]; k < begin[i + 1]; k++)
                aux[k] = new InsnAux { MapIndex = -1, Seen = _env.Aux[i].Seen, OrigIdx = _env.Aux[i].OrigIdx };
            aux[self[i]] = _env.Aux[i];
        }

        return (insns, aux);
    }

    private int Retarget(Insn[] insns, int[] begin, int[] self, int[] land)
    {
        for (int i = 0; i < _env.Insns.Length; i++)
        {
            Insn old = _env.Insns[i];
            if (_removed[i])
                continue;
            int now = self[i];
            if (old.IsPseudoCall() || old.IsPseudoFunc())
            {
                insns[now] = insns[now] with { Imm = begin[i + 1 + old.Imm] - now - 1 };
            }
            else if (old.HasJumpTarget())
            {
                // A jump may have been replaced by one of another kind to the same place, or to the next instruction.
                Insn jump = insns[now];
                int distance = land[i + 1 + jump.JumpOffset()] - now - 1;
                bool isLong = jump.Code == (Op.Jmp32 | Op.Ja);
                if (!isLong && distance != (short)distance)
                {
                    _env.Log.Write($"insn {_env.Aux[i].OrigIdx} cannot be patched due to 16-bit range\n");
                    return -Errno.ERANGE;
                }

                insns[now] = isLong ? jump with { Imm = distance } : jump with { Off = (short)distance };
            }
        }

        return 0;
    }

    /// <summary>Functions without an instruction left go, with their func_info; the others begin where their first surviving instruction does.</summary>
    private void MoveFunctions(int[] begin)
    {
        var funcs = new List<FuncInfo>(_env.FuncInfos.Length);
        var stay = new List<SubprogInfo>(_env.Subprogs.Count);
        for (int s = 0; s < _env.Subprogs.Count; s++)
        {
            SubprogInfo subprog = _env.Subprogs[s];
            int start = begin[subprog.Start];
            if (start == begin[_env.SubprogEnd(s)])
                continue;
            if (_env.FuncInfos.Length > 0)
                funcs.Add(_env.FuncInfos[s] with { InsnOff = (uint)start });
            stay.Add(subprog);
        }

        foreach (SubprogInfo subprog in stay)
            subprog.Start = begin[subprog.Start];
        _env.Subprogs.Clear();
        _env.Subprogs.AddRange(stay);
        _env.FuncInfos = [.. funcs];
    }

    /// <summary>Of several lines that come to stand at one instruction the last one stays; those behind the end go.</summary>
    private void MoveLines(int[] begin, int count)
    {
        var lines = new List<LineInfo>(_env.LineInfos.Length);
        foreach (LineInfo line in _env.LineInfos)
        {
            int at = begin[line.InsnOff];
            if (at >= count)
                continue;
            if (lines.Count > 0 && lines[^1].InsnOff == at)
                lines.RemoveAt(lines.Count - 1);
            lines.Add(line with { InsnOff = (uint)at });
        }

        _env.LineInfos = [.. lines];
        int next = 0;
        foreach (SubprogInfo subprog in _env.Subprogs)
        {
            while (next < lines.Count && lines[next].InsnOff < subprog.Start)
                next++;
            subprog.LineInfoIdx = next;
        }
    }

    private readonly record struct Patch(Insn[] Insns, int Anchor, bool JumpsSkip);
}
