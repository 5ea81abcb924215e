using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier.State;

namespace WebBpf.Kernel.Verifier.Rewrite;

/// <summary>
/// Puts together what interpreter and JIT run. Loads of callbacks get the subprogram's index (as jit_subprogs gives them its address); division by zero,
/// legacy packet loads, may_goto and tail calls are left as they are: both engines execute them with the kernel's meaning.
/// </summary>
public static class ProgramBuilder
{
    /// <summary>The maps in <see cref="VerifierEnv.UsedMaps"/> pass to the program with their references.</summary>
    public static VerifiedProgram Build(VerifierEnv env)
    {
        var insns = (Insn[])env.Insns.Clone();
        var facts = new InsnFacts[insns.Length];
        var gaps = new SortedSet<string>(StringComparer.Ordinal);
        bool writes = false;
        for (int i = 0; i < insns.Length; i++)
        {
            facts[i] = Fact(insns[i], env.Aux[i]);
            writes |= (facts[i].Flags & (InsnFlags.MapValueStore | InsnFlags.MapValueHelperStore)) != 0;
            if (insns[i].IsPseudoFunc())
                insns[i] = insns[i] with { Imm = env.FindSubprog(i + 1 + insns[i].Imm) };
            if (insns[i].IsHelperCall() && insns[i].Imm != (int)BpfFuncId.TailCall && HelperRegistry.Body((BpfFuncId)insns[i].Imm) is null)
                gaps.Add(HelperNames.OfOrUnknown(insns[i].Imm));
            if (env.Aux[i].Has(InsnAuxFlags.ReadsMapFields))
                gaps.Add("fields of struct bpf_map");
            if (!insns[i].IsLdImm64)
                continue;
            i++;
            facts[i] = new InsnFacts { MapIndex = -1, Original = env.Aux[i].OrigIdx };
        }

        var subprogs = new Subprog[env.Subprogs.Count];
        for (int s = 0; s < subprogs.Length; s++)
        {
            SubprogInfo info = env.Subprogs[s];
            subprogs[s] = new Subprog(info.Start, env.SubprogEnd(s), (info.StackDepth + 7) & ~7)
            {
                IsCallback = info.IsCallback || info.IsAsyncCallback,
                HasTailCall = info.HasTailCall,
            };
        }

        var program = new VerifiedProgram
        {
            Insns = insns,
            Facts = facts,
            Subprogs = subprogs,
            UsedMaps = [.. env.UsedMaps],
            MaxStackDepth = env.MaxStackDepth,
            MaxCtxOffset = env.MaxCtxOffset,
            HasTailCall = env.Subprogs.Exists(s => s.HasTailCall),
            ChangesPacketData = env.Subprogs.Exists(s => s.ChangesPacketData),
            WritesMapValues = writes,
            Lines = env.LineInfos,
            Funcs = env.FuncInfos,
            Gaps = [.. gaps],
        };
        env.UsedMaps.Clear();
        return program;
    }

    private static InsnFacts Fact(in Insn insn, in InsnAux aux)
    {
        InsnFlags flags = InsnFlags.None;
        if (aux.Has(InsnAuxFlags.StoresMapValue))
            flags |= InsnFlags.MapValueStore;
        if (aux.Has(InsnAuxFlags.HelperWritesMapValue))
            flags |= InsnFlags.MapValueHelperStore;
        if (aux.Has(InsnAuxFlags.StackConst))
            flags |= InsnFlags.StackConst;
        if (insn.Class == Op.Ldx && ((RegType)aux.PtrType).Base() == RegType.PtrToBtfId)
            flags |= InsnFlags.ProbeMem;
        if (insn.IsLdImm64)
        {
            flags |= insn.Src switch
            {
                Op.PseudoMapFd or Op.PseudoMapIdx => InsnFlags.MapLoad,
                Op.PseudoMapValue or Op.PseudoMapIdxValue => InsnFlags.MapValueLoad,
                Op.PseudoFunc => InsnFlags.FuncLoad,
                _ => InsnFlags.None,
            };
        }

        return new InsnFacts { Flags = flags, MapIndex = aux.Has(InsnAuxFlags.MapPoisoned) ? (short)-1 : (short)aux.MapIndex, Original = aux.OrigIdx };
    }
}
