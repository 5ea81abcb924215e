namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>Field of an instruction that takes the distance to a label.</summary>
internal enum AsmTargetField
{
    Off,
    Imm,
}

/// <summary>A label that was used before all labels were known.</summary>
internal readonly record struct AsmFixup(int Index, AsmTargetField Field, string Label, int Line, int Column);
