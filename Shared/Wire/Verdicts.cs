namespace WebBpf.Shared.Wire;

/// <summary>The verifier's judgement for people and tools.</summary>
/// <param name="Accepted">Whether the program may run.</param>
/// <param name="Category">A stable word for the kind of reason.</param>
/// <param name="Message">The final message of the log.</param>
/// <param name="Instruction">Index in the program as it was loaded; -1 where none.</param>
/// <param name="Source">The C line, from line_info.</param>
/// <param name="Registers">Registers at that instruction, as the log prints them.</param>
/// <param name="Stack">Stack slots at that instruction.</param>
/// <param name="Cause">Why, from the last step to the first.</param>
/// <param name="Hint">What usually fixes it.</param>
/// <param name="SinceKernel">The first kernel that accepts it, where a newer one does.</param>
/// <param name="NotImplemented">What is missing on our side where the program could not be judged.</param>
public sealed record VerdictInfo(
    bool Accepted,
    string? Category,
    string? Message,
    int Instruction,
    SourceInfo? Source,
    IReadOnlyDictionary<string, string>? Registers,
    IReadOnlyDictionary<string, string>? Stack,
    IReadOnlyList<string> Cause,
    string? Hint,
    string? SinceKernel,
    string? NotImplemented);

/// <summary>A line of source text.</summary>
public sealed record SourceInfo(string File, int Line, int Column, string Text);

/// <summary>Numbers of one verification.</summary>
public sealed record VerificationStats(uint InsnsProcessed, uint PeakStates, uint TotalStates, long VerificationUs);
