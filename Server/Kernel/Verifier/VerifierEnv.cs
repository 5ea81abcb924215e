using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Verifier;

/// <summary>
/// What the passes of one verification share, as struct bpf_verifier_env. Each pass reads what earlier ones left here; only
/// the rewrites change <see cref="Insns"/> and <see cref="Aux"/>, together, through InsnPatcher.
/// </summary>
public sealed class VerifierEnv
{
    private readonly Dictionary<uint, State.KernelType> _types = [];

    public VerifierEnv(VerifierRequest request)
    {
        Request = request;
        Log = request.Log;
        Insns = (Insn[])request.Insns.Clone();
        Aux = new InsnAux[Insns.Length];
        for (int i = 0; i < Aux.Length; i++)
        {
            Aux[i].OrigIdx = i;
            Aux[i].MapIndex = -1;
        }

        foreach (BpfMap map in request.BoundMaps)
        {
            map.Get();
            UsedMaps.Add(map);
        }
    }

    public VerifierRequest Request { get; }
    public VerifierLog Log { get; }
    public Insn[] Insns { get; set; }

    /// <summary>One entry per instruction.</summary>
    public InsnAux[] Aux { get; set; }

    /// <summary>Sorted by start; the first is the entry. A fake last entry is not kept: the end is the next start or the program's end.</summary>
    public List<SubprogInfo> Subprogs { get; } = [];

    /// <summary>Maps the program refers to, each with a reference that the env owns until the program takes it over.</summary>
    public List<BpfMap> UsedMaps { get; } = [];

    /// <summary>
    /// Instructions in postorder (successors first), subprogram by subprogram; that of subprogram i begins at its
    /// <see cref="SubprogInfo.PostorderStart"/>.
    /// </summary>
    public int[] Postorder { get; set; } = [];

    /// <summary>Loops of the program are numbered 1 to this minus one (compute_scc).</summary>
    public int SccCount { get; set; } = 1;

    /// <summary>func_info as checked, one per subprogram, or empty.</summary>
    public FuncInfo[] FuncInfos { get; set; } = [];

    /// <summary>line_info as checked, in order of offset, or empty.</summary>
    public LineInfo[] LineInfos { get; set; } = [];

    /// <summary>A packet is written through a pointer somewhere: the program's prologue has to prepare it (seen_direct_write).</summary>
    public bool SeenDirectWrite { get; set; }

    /// <summary>Deepest stack of any call chain in bytes (check_max_stack_depth).</summary>
    public int MaxStackDepth { get; set; }

    /// <summary>One past the last byte of the context that any path accesses (bpf_prog_aux.max_ctx_offset).</summary>
    public int MaxCtxOffset { get; set; }

    /// <summary>Set by a pass that finds what we cannot judge: the load then fails as a gap of ours, never as a rejection.</summary>
    public string? NotImplemented { get; private set; }

    /// <summary>Says what cannot be judged yet; returns the errno a pass then ends with.</summary>
    public int Gap(string what)
    {
        NotImplemented ??= what;
        return -Uapi.Errno.EOPNOTSUPP;
    }

    /// <summary>The kernel's type of an id, always the same instance.</summary>
    internal State.KernelType TypeOf(Btf.BtfObject btf, uint id)
    {
        if (!_types.TryGetValue(id, out State.KernelType? type))
            _types.Add(id, type = new State.KernelType(btf.Types, id, btf.Types.Name(btf.Types[id])));
        return type;
    }

    /// <summary>Index of the subprogram that contains an instruction.</summary>
    public int FindSubprog(int insn)
    {
        int low = 0, high = Subprogs.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Subprogs[middle].Start <= insn)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    public int SubprogEnd(int subprog) => subprog + 1 < Subprogs.Count ? Subprogs[subprog + 1].Start : Insns.Length;
}

/// <summary>One function of the program, as struct bpf_subprog_info.</summary>
public sealed class SubprogInfo
{
    public int Start { get; set; }

    /// <summary>Index of its first record in <see cref="VerifierEnv.LineInfos"/>.</summary>
    public int LineInfoIdx { get; set; }

    /// <summary>Bytes of stack that its instructions touch.</summary>
    public int StackDepth { get; set; }

    public bool HasTailCall { get; set; }
    public bool TailCallReachable { get; set; }
    public bool HasLdAbs { get; set; }
    public bool IsCallback { get; set; }
    public bool IsAsyncCallback { get; set; }
    public bool IsExceptionCallback { get; set; }
    public bool IsGlobal { get; set; }
    public bool Called { get; set; }

    /// <summary>A global function that was walked on its own.</summary>
    public bool Verified { get; set; }
    public bool ChangesPacketData { get; set; }
    public bool MightSleep { get; set; }
    public bool KeepFastcallStack { get; set; }
    public int FastcallStackOff { get; set; }

    /// <summary>Its parameters as BTF gives them, once they were asked for (args_cached).</summary>
    internal Calls.SubprogArg[]? Args { get; set; }

    /// <summary>Its BTF does not describe how it is called.</summary>
    public bool Unreliable { get; set; }

    /// <summary>First instruction in the postorder array and its end (compute_postorder).</summary>
    public int PostorderStart { get; set; }
}

/// <summary>What passes know of one instruction, as struct bpf_insn_aux_data.</summary>
public struct InsnAux
{
    public InsnAuxFlags Flags;

    /// <summary>Index in <see cref="VerifierEnv.UsedMaps"/> of the map a 64-bit immediate refers to or a call or access deals with; -1 for none.</summary>
    public int MapIndex;

    /// <summary>Offset inside the map's value for BPF_PSEUDO_MAP_VALUE; the constant index of a tail call; the callback of a bpf_loop.</summary>
    public uint MapOffset;

    /// <summary>Kind of pointer a load or store goes through (RegType of the walk, as a number; 0 = not seen).</summary>
    public uint PtrType;

    /// <summary>Width of the whole context field for narrow loads.</summary>
    public int CtxFieldSize;

    /// <summary>The pass number that saw it; 0 = never reached (dead code).</summary>
    public uint Seen;

    /// <summary>Index in the program as it was loaded.</summary>
    public int OrigIdx;

    /// <summary>Strongly connected component, 0 where it is on no loop.</summary>
    public int Scc;

    /// <summary>Spill and fill pairs around this call that a fastcall makes superfluous.</summary>
    public byte FastcallSpills;

    /// <summary>Registers that are live before it, a bit each.</summary>
    public ushort LiveRegsBefore;

    public bool Has(InsnAuxFlags flag) => (Flags & flag) != 0;
}

/// <summary>Facts of <see cref="InsnAux"/>.</summary>
[Flags]
public enum InsnAuxFlags : uint
{
    None = 0,
    JumpPoint = 1,
    PrunePoint = 2,
    ForceCheckpoint = 4,
    CallsCallback = 8,
    ZextDst = 16,
    NeedsZext = 32,
    MapPoisoned = 64,
    MapKeyPoisoned = 128,
    MapKeySeen = 256,
    StoresMapValue = 512,
    StackConst = 1024,
    FastcallPattern = 2048,
    FastcallSpillsHere = 4096,
    HelperWritesMapValue = 8192,
    NonMapMemory = 16384,
    IterNext = 32768,
    BranchTaken = 65536,
    BranchNotTaken = 131072,
    NonSleepable = 262144,

    /// <summary>A helper call whose map is known on one path at least (<see cref="InsnAux.MapIndex"/>).</summary>
    MapSeen = 524288,

    /// <summary>A bpf_loop call that was walked; with <see cref="LoopInline"/> its flags were always 0 and its callback the one in <see cref="InsnAux.MapOffset"/>.</summary>
    LoopSeen = 1048576,
    LoopInline = 2097152,

    /// <summary>A load through a map pointer, of a field of the kernel's own struct.</summary>
    ReadsMapFields = 4194304,
}
