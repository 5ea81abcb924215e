namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>Names that a source text may use for things outside of it.</summary>
public interface IAsmSymbols
{
    /// <summary>Descriptor of the map of that name; null where there is none.</summary>
    int? MapFd(string name);

    /// <summary>BTF id of the kernel function of that name; null where there is none.</summary>
    int? KfuncId(string name);
}

/// <summary>Kinds of names that a program refers to.</summary>
public enum AsmReferenceKind
{
    Map,
    Kfunc,
}

/// <summary>A name in the source that the instruction at <paramref name="Index"/> refers to; its imm is 0 where nobody could resolve it.</summary>
public sealed record AsmReference(AsmReferenceKind Kind, string Name, int Index, int Line, bool Resolved);

/// <summary>An assembled program.</summary>
/// <param name="Insns">The instructions.</param>
/// <param name="Lines">Source line (from 1) of each instruction slot.</param>
/// <param name="References">Maps and kernel functions named by the source.</param>
/// <param name="Labels">Labels and the indexes they stand for.</param>
public sealed record AssembledProgram(Insn[] Insns, int[] Lines, IReadOnlyList<AsmReference> References, IReadOnlyDictionary<string, int> Labels);
