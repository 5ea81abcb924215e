namespace WebBpf.Kernel.Isa.Assembly;

/// <summary>What is wrong with a source text, and where.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column in UTF-16 units, from 1.</param>
/// <param name="Expected">What could have stood there, in words.</param>
/// <param name="Found">What stands there; empty at the end of the line.</param>
public sealed record AsmError(int Line, int Column, string Expected, string Found)
{
    public override string ToString() =>
        $"line {Line}, column {Column}: expected {Expected}{(Found.Length > 0 ? $", found '{Found}'" : ", found the end of the line")}";
}

/// <summary>The source text is no program; the only exception that the assembler throws on text.</summary>
public sealed class AsmException(AsmError error) : Exception(error.ToString())
{
    public AsmError Error { get; } = error;
}
