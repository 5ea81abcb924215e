namespace WebBpf.Shared.Wire;

/// <summary>What an upload made.</summary>
/// <param name="Id">Of the upload.</param>
/// <param name="Name">Of the object.</param>
/// <param name="BtfId">The object's BTF, where it has some.</param>
/// <param name="Maps">In the order of the object.</param>
/// <param name="Programs">Those that were selected.</param>
/// <param name="Pinned">Paths below /sys/fs/bpf, where pin was asked for.</param>
public sealed record ObjectInfo(
    int Id, string Name, uint? BtfId, IReadOnlyList<ObjectMapInfo> Maps, IReadOnlyList<ObjectProgramInfo> Programs, IReadOnlyList<string>? Pinned);

/// <summary>A map of an upload; id and fd are absent where nothing stays.</summary>
public sealed record ObjectMapInfo(string Name, uint? Id, int? Fd);

/// <summary>A program of an upload; id and fd are absent where it did not load or nothing stays.</summary>
public sealed record ObjectProgramInfo(
    string Name,
    string Section,
    string Type,
    uint? Id,
    int? Fd,
    bool Accepted,
    string? Errno,
    string Log,
    VerdictInfo? Verdict,
    VerificationStats? Stats,
    string? NotImplemented);

/// <summary>Source text to assemble, in the syntax of the kernel's log.</summary>
public sealed record AssembleRequest(string Asm);

/// <summary>Instructions as hex, 8 bytes each; line numbers of the source per instruction.</summary>
public sealed record AssembleResult(string Insns, int Count, IReadOnlyList<int> Lines);

/// <summary>Instructions as hex.</summary>
public sealed record DisassembleRequest(string Insns);

/// <summary>One line per instruction, as the verifier's log prints them.</summary>
public sealed record DisassembleResult(IReadOnlyList<string> Lines);

/// <summary>The verifier's answer to a program that is not kept.</summary>
public sealed record VerifyResult(bool Accepted, string? Errno, long Ret, string Log, VerdictInfo? Verdict, VerificationStats? Stats);
