namespace WebBpf.Kernel.Verifier;

/// <summary>The verifier's judgement on one program in a form for people and tools; the text log says the same as Linux says it.</summary>
public sealed record Verdict(bool Accepted)
{
    /// <summary>A stable word for the kind of reason: "uninitialized_register", "out_of_bounds", "null_dereference", "not_implemented", ...</summary>
    public string? Category { get; init; }

    /// <summary>The final message of the log, as the kernel words it.</summary>
    public string? Message { get; init; }

    /// <summary>Index of the instruction that was judged, in the program as it was loaded; -1 where none.</summary>
    public int Instruction { get; init; } = -1;

    /// <summary>C source line of that instruction, from line_info.</summary>
    public SourceLine? Source { get; init; }

    /// <summary>Registers at that instruction, as the log prints them ("R1" to "ctx()").</summary>
    public IReadOnlyDictionary<string, string>? Registers { get; init; }

    /// <summary>Stack slots at that instruction ("fp-8" to "mmmmmmmm").</summary>
    public IReadOnlyDictionary<string, string>? Stack { get; init; }

    /// <summary>Why it is so, from the last step to the first.</summary>
    public IReadOnlyList<string> Cause { get; init; } = [];

    /// <summary>What usually fixes it.</summary>
    public string? Hint { get; init; }

    /// <summary>What is missing on our side where the program could not be judged; never a rejection.</summary>
    public string? NotImplemented { get; init; }
}

/// <summary>A line of source text.</summary>
public sealed record SourceLine(string File, int Line, int Column, string Text);

/// <summary>Numbers of one verification, as the kernel's "processed" line gives them.</summary>
public readonly record struct VerifierStats(
    uint InsnsProcessed, uint MaxStatesPerInsn, uint TotalStates, uint PeakStates, uint LongestMarkRead, long VerificationTimeNs);
