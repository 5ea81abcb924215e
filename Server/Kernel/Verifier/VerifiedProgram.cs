using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;

namespace WebBpf.Kernel.Verifier;

/// <summary>
/// A program after verification and all rewrites: what the interpreter and the JIT execute and what the xlated dump shows.
/// 64-bit immediates of maps hold <see cref="BpfMap.Address"/> or value addresses; helper calls keep the helper's number in Imm;
/// calls between subprograms have Src = PseudoCall and Imm relative to the next instruction; R11 may appear as a scratch register.
/// </summary>
public sealed class VerifiedProgram
{
    public required Insn[] Insns { get; init; }

    /// <summary>What the walk learned of each instruction; same length as <see cref="Insns"/>.</summary>
    public required InsnFacts[] Facts { get; init; }

    /// <summary>In order of <see cref="Subprog.Start"/>; the first is the entry.</summary>
    public required Subprog[] Subprogs { get; init; }

    /// <summary>Maps that the program refers to; it holds a reference on each.</summary>
    public required BpfMap[] UsedMaps { get; init; }

    /// <summary>Deepest stack of any call chain, bytes.</summary>
    public int MaxStackDepth { get; init; }

    /// <summary>One past the last byte of the context that the program accesses: the least context a test run of a program without fixed context must bring.</summary>
    public int MaxCtxOffset { get; init; }

    public bool HasTailCall { get; init; }
    public bool ChangesPacketData { get; init; }

    /// <summary>True where some instruction stores through a map value pointer or a helper may: only then a tracked variant differs.</summary>
    public bool WritesMapValues { get; init; }

    /// <summary>line_info after rewriting: instruction offsets of <see cref="Insns"/>, for dumps and errors.</summary>
    public LineInfo[] Lines { get; init; } = [];

    /// <summary>func_info after rewriting, one per subprogram where the program has BTF.</summary>
    public FuncInfo[] Funcs { get; init; } = [];

    /// <summary>What the program uses and what has no body yet (helpers by their names): it loads, shows the gap, and running it is refused.</summary>
    public IReadOnlyList<string> Gaps { get; init; } = [];
}

/// <summary>One function of a program: instructions [Start, End), stack bytes used (a multiple of 8, at most 512).</summary>
public readonly record struct Subprog(int Start, int End, int StackDepth)
{
    /// <summary>Called through bpf_loop, bpf_for_each_map_elem and kin rather than by a call instruction.</summary>
    public bool IsCallback { get; init; }

    public bool HasTailCall { get; init; }
}

/// <summary>One bpf_line_info (offsets into the string section of the program's BTF).</summary>
public readonly record struct LineInfo(uint InsnOff, uint FileNameOff, uint LineOff, uint LineCol);

/// <summary>One bpf_func_info.</summary>
public readonly record struct FuncInfo(uint InsnOff, uint TypeId);

/// <summary>What the walk learned of one instruction on all paths that reached it.</summary>
public struct InsnFacts
{
    public InsnFlags Flags;

    /// <summary>Index in <see cref="VerifiedProgram.UsedMaps"/> of the one map this instruction deals with (map load, helper call, value access); -1 where none or several.</summary>
    public short MapIndex;

    /// <summary>Instruction of the loaded program that this one comes from.</summary>
    public int Original;
}

/// <summary>Facts of <see cref="InsnFacts"/>.</summary>
[Flags]
public enum InsnFlags : ushort
{
    None = 0,

    /// <summary>A load or store through the frame pointer of the own frame, at a constant offset.</summary>
    StackConst = 1,

    /// <summary>A store or atomic through a map value pointer on some path: a tracked variant announces it.</summary>
    MapValueStore = 2,

    /// <summary>A load that must not fault (BPF_PROBE_MEM): outside the sandbox it gives 0.</summary>
    ProbeMem = 4,

    /// <summary>A load of a map's address (64-bit immediate).</summary>
    MapLoad = 8,

    /// <summary>A load of a callback's address (BPF_PSEUDO_FUNC): Imm holds the subprogram's index.</summary>
    FuncLoad = 16,

    /// <summary>A helper call that may write through a map value pointer among its arguments.</summary>
    MapValueHelperStore = 32,

    /// <summary>A load of an address inside a map's values (BPF_PSEUDO_MAP_VALUE).</summary>
    MapValueLoad = 64,
}
